// Zip archives (PKWARE's APPNOTE.TXT, 4.3), as far as NumPy's .npz files need them: one part, not encrypted,
// of any size (zip64); written stored, read stored or deflated.
#pragma once

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <limits>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "figment/io/file.hpp"
#include "figment/io/wrong_file.hpp"

namespace figment::io::detail {

struct ZipEntry {
  std::string name;
  std::uint64_t packed, size, at;  ///< bytes in the file, bytes unpacked, where its local header begins
  std::uint32_t crc;
  unsigned method;  ///< 0 stored, 8 deflated
};

inline constexpr std::uint32_t zip_local = 0x04034b50, zip_central = 0x02014b50, zip_end = 0x06054b50,
                               zip64_end = 0x06064b50, zip64_locator = 0x07064b50;
inline constexpr std::size_t zip_local_size = 30, zip_central_size = 46, zip_end_size = 22,
                             zip64_end_size = 56, zip64_locator_size = 20;
/// In place of a number that stands in 64 bits elsewhere.
inline constexpr std::uint64_t zip_elsewhere = 0xffffffff;

/// The little-endian number of n bytes.
inline std::uint64_t zip_number(const char* from, std::size_t n) {
  std::uint64_t v = 0;
  for (std::size_t i = n; i-- > 0;) v = v << 8 | static_cast<unsigned char>(from[i]);
  return v;
}

inline std::uint32_t zip_crc(std::uint32_t crc, const void* bytes, std::size_t n) {
  auto p = static_cast<const Bytef*>(bytes);
  for (std::size_t step; n > 0; n -= step, p += step) {
    step = std::min<std::size_t>(n, 1 << 30);
    crc = static_cast<std::uint32_t>(crc32(crc, p, static_cast<uInt>(step)));
  }
  return crc;
}

/// Writes members stored, one after the other.
class ZipWriter {
 public:
  /// Sizes and places from `limit` on are written in 64 bits: tests ask for it where NumPy has no need.
  ZipWriter(std::string_view caller, const std::filesystem::path& path, std::uint64_t limit = zip_elsewhere)
      : caller_(caller), path_(path.string()), file_(path), limit_(limit) {}

  /// A member of these parts, one after the other.
  void add(const std::string& name, std::span<const std::string_view> parts) {
    ensure(!name.empty() && name.size() < 60000, "{}: {}: expected a name of 1 to 60000 bytes, found {}",
           caller_, path_, name.size());
    ZipEntry e{name, 0, 0, at_, 0, 0};
    for (const auto part : parts) {
      e.size += part.size();
      e.crc = zip_crc(e.crc, part.data(), part.size());
    }
    e.packed = e.size;
    std::string header;
    put(header, zip_local, 4);
    const std::string extra = put_common(header, e, e.size >= limit_, false);
    write(header + name + extra);
    for (const auto part : parts) write(part);
    entries_.push_back(std::move(e));
  }
  void commit() {
    const std::uint64_t begin = at_, count = entries_.size();
    for (const ZipEntry& e : entries_) {
      const bool far_away = e.at >= limit_;
      std::string header;
      put(header, zip_central, 4);
      put(header, 20, 2);  // made by version 2.0
      const std::string extra = put_common(header, e, e.size >= limit_, far_away);
      header.append(10, '\0');  // comment, part, attributes
      put(header, far_away ? zip_elsewhere : e.at, 4);
      write(header + e.name + extra);
    }
    const std::uint64_t size = at_ - begin, end_at = at_;
    const std::uint64_t most = (std::min)(limit_, std::uint64_t{0xffff});
    std::string end;
    if (count >= most || size >= limit_ || begin >= limit_) {
      put(end, zip64_end, 4);
      put(end, zip64_end_size - 12, 8);
      put(end, 45, 2);
      put(end, 45, 2);
      put(end, 0, 8);
      for (const std::uint64_t v : {count, count, size, begin}) put(end, v, 8);
      put(end, zip64_locator, 4);
      put(end, 0, 4);
      put(end, end_at, 8);
      put(end, 1, 4);
    }
    put(end, zip_end, 4);
    put(end, 0, 4);
    put(end, count >= most ? 0xffff : count, 2);
    put(end, count >= most ? 0xffff : count, 2);
    put(end, size >= limit_ ? zip_elsewhere : size, 4);
    put(end, begin >= limit_ ? zip_elsewhere : begin, 4);
    put(end, 0, 2);
    write(end);
    file_.commit();
  }

 private:
  static void put(std::string& to, std::uint64_t v, int bytes) {
    for (; bytes > 0; --bytes, v >>= 8) to += static_cast<char>(v & 255);
  }
  /// What both headers hold, from the version needed to the length of the extra field, which it returns: of
  /// the sizes if the member is `large`, and of its place.
  static std::string put_common(std::string& to, const ZipEntry& e, bool large, bool place) {
    std::string extra;
    if (large || place) {
      put(extra, 1, 2);
      put(extra, (large ? 16 : 0) + (place ? 8 : 0), 2);
      if (large) put(extra, e.size, 8);
      if (large) put(extra, e.packed, 8);
      if (place) put(extra, e.at, 8);
    }
    put(to, extra.empty() ? 20 : 45, 2);
    put(to, 0x800, 2);  // the name is UTF-8
    put(to, 0, 2);
    put(to, 0, 2);
    put(to, 0x21, 2);  // 1980-01-01: the same tensors make the same file
    put(to, e.crc, 4);
    put(to, large ? zip_elsewhere : e.packed, 4);
    put(to, large ? zip_elsewhere : e.size, 4);
    put(to, e.name.size(), 2);
    put(to, extra.size(), 2);
    return extra;
  }
  void write(std::string_view bytes) {
    file_.write(bytes.data(), bytes.size());
    at_ += bytes.size();
  }

  std::string_view caller_;
  std::string path_;
  FileWriter file_;
  std::uint64_t limit_, at_ = 0;
  std::vector<ZipEntry> entries_;
};

/// An archive being read, trusted in nothing.
class ZipReader {
 public:
  /// Reads the directory; `caller`, a literal, begins each message.
  ZipReader(std::string_view caller, const std::filesystem::path& path)
      : name_(std::string(caller) + ": " + path.string()), path_(path) {
    std::error_code error;
    ensure(std::filesystem::is_regular_file(path, error), "{}: no such file", name_);
    size_ = std::filesystem::file_size(path, error);
    std::ifstream file = open();

    // The directory's own record stands at the end, before a comment of at most 65535 bytes.
    std::string tail((std::min)(size_, std::uint64_t{zip64_locator_size + zip_end_size + 65535}), '\0');
    read(file, size_ - tail.size(), tail.data(), tail.size());
    const std::string mark{'P', 'K', '\x05', '\x06'};
    const std::size_t last =
        tail.size() < zip_end_size ? tail.npos : tail.rfind(mark, tail.size() - zip_end_size);
    if (last == tail.npos) {
      std::string start((std::min)(size_, std::uint64_t{64}), '\0');
      read(file, 0, start.data(), start.size());
      ensure(start.starts_with("PK"), "{}: not a zip archive{}", name_, but_found(start));
      fail("{}: a zip archive that is cut short", name_);
    }
    const char* end = tail.data() + last;
    std::uint64_t end_at = size_ - tail.size() + last;
    Directory found{zip_number(end + 10, 2), zip_number(end + 12, 4), zip_number(end + 16, 4)};
    const bool whole = end_at + zip_end_size + zip_number(end + 20, 2) == size_;
    const bool wide = last >= zip64_locator_size && zip_number(end - zip64_locator_size, 4) == zip64_locator;
    const bool one_part = zip_number(end + 4, 4) == 0 && zip_number(end + 8, 2) == found.count;
    if (wide) end_at = read_zip64(file, end - zip64_locator_size, end_at - zip64_locator_size, found);
    ensure(whole && (one_part || wide) && found.length <= end_at && found.begin == end_at - found.length,
           "{}: the archive's end does not fit its directory", name_);
    std::string directory(found.length, '\0');
    read(file, found.begin, directory.data(), directory.size());
    parse(directory, found.count, found.begin);
    for (const ZipEntry& e : entries_) data_at(file, e);
  }

  const std::vector<ZipEntry>& entries() const { return entries_; }
  const std::string& name() const { return name_; }

  std::ifstream open() const {
    std::ifstream file(path_, std::ios::binary);
    ensure(file.good(), "{}: cannot be opened", name_);
    return file;
  }
  void read(std::ifstream& file, std::uint64_t at, char* to, std::size_t n) const {
    file.seekg(static_cast<std::streamoff>(at));
    file.read(to, static_cast<std::streamsize>(n));
    ensure(file.good() || n == 0, "{}: cannot be read", name_);
  }
  /// Where a member's bytes begin. The local header has to agree with the directory.
  std::uint64_t data_at(std::ifstream& file, const ZipEntry& e) const {
    std::string header(zip_local_size + e.name.size(), '\0');
    ensure(e.at <= directory_at_ && header.size() <= directory_at_ - e.at,
           "{}: '{}': begins beyond the members' end", name_, e.name);
    read(file, e.at, header.data(), header.size());
    ensure(zip_number(header.data(), 4) == zip_local && zip_number(header.data() + 8, 2) == e.method &&
               zip_number(header.data() + 26, 2) == e.name.size() && header.ends_with(e.name),
           "{}: '{}': its local header is of another member", name_, e.name);
    const std::uint64_t begin = e.at + header.size() + zip_number(header.data() + 28, 2);
    ensure(begin <= directory_at_ && e.packed <= directory_at_ - begin,
           "{}: '{}': {} bytes reach beyond the members' end", name_, e.name, e.packed);
    return begin;
  }

 private:
  struct Directory {
    std::uint64_t count, length, begin;
  };

  /// The directory of an archive that has 64 bits for it, by the record that the locator points to; returns
  /// where that begins. What the old record does not leave to it must be the same.
  std::uint64_t read_zip64(std::ifstream& file, const char* locator, std::uint64_t locator_at,
                           Directory& found) const {
    const std::uint64_t at = zip_number(locator + 8, 8);
    std::string record(zip64_end_size, '\0');
    bool good = zip_number(locator + 4, 4) == 0 && at <= locator_at && locator_at - at >= record.size();
    if (good) {
      read(file, at, record.data(), record.size());
      const char* p = record.data();
      const Directory wide{zip_number(p + 32, 8), zip_number(p + 40, 8), zip_number(p + 48, 8)};
      const auto same = [](std::uint64_t old, std::uint64_t v, std::uint64_t none) {
        return old == none || old == v;
      };
      good = zip_number(p, 4) == zip64_end && zip_number(p + 4, 8) == locator_at - at - 12 &&
             zip_number(p + 16, 8) == 0 && zip_number(p + 24, 8) == wide.count &&
             same(found.count, wide.count, 0xffff) && same(found.length, wide.length, zip_elsewhere) &&
             same(found.begin, wide.begin, zip_elsewhere);
      found = wide;
    }
    ensure(good, "{}: the archive's zip64 end does not fit its directory", name_);
    return at;
  }

  /// In place of the numbers that are elsewhere, those of the zip64 field among the extra ones.
  void read_extra(ZipEntry& e, std::string_view extra) const {
    std::string_view field;
    while (extra.size() >= 4) {
      const std::string_view rest = extra.substr(4);
      const std::size_t length =
          (std::min)(static_cast<std::size_t>(zip_number(extra.data() + 2, 2)), rest.size());
      if (zip_number(extra.data(), 2) == 1) field = rest.substr(0, length);
      extra = rest.substr(length);
    }
    for (std::uint64_t* v : {&e.size, &e.packed, &e.at}) {
      if (*v != zip_elsewhere) continue;
      ensure(field.size() >= 8, "{}: '{}': its sizes are in a zip64 field that is not there", name_, e.name);
      *v = zip_number(field.data(), 8);
      field.remove_prefix(8);
    }
  }

  void parse(std::string_view directory, std::uint64_t count, std::uint64_t begin) {
    directory_at_ = begin;
    std::set<std::string> names;
    for (std::uint64_t i = 0; i < count; ++i) {
      const char* p = directory.data();
      ensure(directory.size() >= zip_central_size && zip_number(p, 4) == zip_central,
             "{}: the directory of {} members is damaged at number {}", name_, count, i);
      const std::size_t text = zip_number(p + 28, 2), more = zip_number(p + 30, 2) + zip_number(p + 32, 2);
      ensure(directory.size() - zip_central_size >= text + more,
             "{}: the directory of {} members is damaged at number {}", name_, count, i);
      ZipEntry e{std::string(directory.substr(zip_central_size, text)),
                 zip_number(p + 20, 4),
                 zip_number(p + 24, 4),
                 zip_number(p + 42, 4),
                 static_cast<std::uint32_t>(zip_number(p + 16, 4)),
                 static_cast<unsigned>(zip_number(p + 10, 2))};
      ensure((zip_number(p + 8, 2) & 1) == 0, "{}: '{}' is encrypted", name_, e.name);
      ensure(e.method == 0 || e.method == 8,
             "{}: '{}': compression method {}, expected 0 (stored) or 8 (deflated)", name_, e.name, e.method);
      read_extra(e, directory.substr(zip_central_size + text, zip_number(p + 30, 2)));
      ensure(e.method != 0 || e.packed == e.size, "{}: '{}': stored as {} bytes, expected {}", name_, e.name,
             e.packed, e.size);
      ensure(names.insert(e.name).second, "{}: two members are named '{}'", name_, e.name);
      entries_.push_back(std::move(e));
      directory.remove_prefix(zip_central_size + text + more);
    }
    ensure(directory.empty(), "{}: {} bytes in the directory behind its {} members", name_, directory.size(),
           count);
  }

  std::string name_;
  std::filesystem::path path_;
  std::uint64_t size_ = 0, directory_at_ = 0;
  std::vector<ZipEntry> entries_;
};

/// A member's bytes, unpacked as they are read.
class ZipStream {
 public:
  ZipStream(const ZipReader& zip, const ZipEntry& entry)
      : zip_(zip), entry_(entry), file_(zip.open()), packed_left_(entry.packed) {
    file_.seekg(static_cast<std::streamoff>(zip.data_at(file_, entry)));
    if (entry.method == 8)
      ensure(inflateInit2(&stream_, -MAX_WBITS) == Z_OK, "{}: no memory to inflate", zip.name());
  }
  ZipStream(const ZipStream&) = delete;
  ZipStream& operator=(const ZipStream&) = delete;
  ~ZipStream() {
    if (entry_.method == 8) inflateEnd(&stream_);
  }

  /// Up to n bytes, fewer at the end; throws on a damaged stream.
  std::size_t read(void* to, std::size_t n) {
    if (entry_.method == 8) return inflate_to(static_cast<Bytef*>(to), n);
    n = std::min<std::uint64_t>(n, packed_left_);
    packed_left_ -= n;
    file_.read(static_cast<char*>(to), static_cast<std::streamsize>(n));
    ensure(file_.good() || n == 0, "{}: '{}': cannot be read", zip_.name(), entry_.name);
    return n;
  }
  /// Reads it all and throws unless length and checksum are what the directory says. Takes no memory for it.
  static void confirm(const ZipReader& zip, const ZipEntry& entry) {
    ZipStream stream(zip, entry);
    std::array<char, 1 << 14> some;
    std::uint64_t size = 0;
    std::uint32_t crc = 0;
    while (const std::size_t n = stream.read(some.data(), some.size())) {
      size += n;
      crc = zip_crc(crc, some.data(), n);
      if (size > entry.size) break;
    }
    ensure(size == entry.size && stream.packed_left_ + stream.stream_.avail_in == 0,
           "{}: '{}': its data are not of the {} bytes expected", zip.name(), entry.name, entry.size);
    ensure(crc == entry.crc, "{}: '{}': expected checksum {}, found {}", zip.name(), entry.name, entry.crc,
           crc);
  }

 private:
  std::size_t inflate_to(Bytef* to, std::size_t n) {
    std::size_t got = 0;
    while (got < n && !ended_) {
      if (stream_.avail_in == 0 && packed_left_ > 0) {  // without input too there may be output left to give
        const std::size_t some = std::min<std::uint64_t>(packed_.size(), packed_left_);
        file_.read(packed_.data(), static_cast<std::streamsize>(some));
        ensure(file_.good(), "{}: '{}': cannot be read", zip_.name(), entry_.name);
        packed_left_ -= some;
        stream_.next_in = reinterpret_cast<Bytef*>(packed_.data());
        stream_.avail_in = static_cast<uInt>(some);
      }
      const auto want = static_cast<uInt>(std::min<std::size_t>(n - got, 1 << 30));
      stream_.next_out = to + got;
      stream_.avail_out = want;
      const int code = inflate(&stream_, Z_NO_FLUSH);
      ensure(code != Z_BUF_ERROR, "{}: '{}': the deflated data end early", zip_.name(), entry_.name);
      ensure(code == Z_OK || code == Z_STREAM_END, "{}: '{}': the deflated data are damaged", zip_.name(),
             entry_.name);
      ended_ = code == Z_STREAM_END;
      got += want - stream_.avail_out;
    }
    return got;
  }

  const ZipReader& zip_;
  const ZipEntry& entry_;
  std::ifstream file_;
  std::uint64_t packed_left_;
  z_stream stream_{};
  std::array<char, 1 << 14> packed_;
  bool ended_ = false;
};

}  // namespace figment::io::detail
