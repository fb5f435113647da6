// Zip archives (PKWARE's APPNOTE.TXT, 4.3), as far as NumPy's .npz files need them: below 4 GiB, one part,
// not encrypted; written stored, read stored or deflated.
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

namespace figment::io::detail {

struct ZipEntry {
  std::string name;
  std::uint64_t packed, size, at;  ///< bytes in the file, bytes unpacked, where its local header begins
  std::uint32_t crc;
  unsigned method;  ///< 0 stored, 8 deflated
};

inline constexpr std::uint32_t zip_local = 0x04034b50, zip_central = 0x02014b50, zip_end = 0x06054b50;
inline constexpr std::size_t zip_local_size = 30, zip_central_size = 46, zip_end_size = 22;

/// The little-endian number of n bytes.
inline std::uint32_t zip_number(const char* from, std::size_t n) {
  std::uint32_t v = 0;
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
  ZipWriter(std::string_view caller, const std::filesystem::path& path)
      : caller_(caller), path_(path.string()), file_(path) {}

  /// A member of these parts, one after the other.
  void add(const std::string& name, std::span<const std::string_view> parts) {
    ensure(!name.empty() && name.size() < 60000, "{}: {}: expected a name of 1 to 60000 bytes, found {}",
           caller_, path_, name.size());
    ensure(entries_.size() < 65534, "{}: {}: more than 65534 members", caller_, path_);
    ZipEntry e{name, 0, 0, at_, 0, 0};
    for (const auto part : parts) {
      e.size += part.size();
      e.crc = zip_crc(e.crc, part.data(), part.size());
    }
    e.packed = e.size;
    // With room for the directory.
    ensure(at_ + e.size < 0xf0000000u, "{}: {}: '{}' makes the file larger than a .npz of 4 GiB", caller_,
           path_, name);
    std::string header;
    put(header, zip_local, 4);
    put_common(header, e);
    header += name;
    write(header);
    for (const auto part : parts) write(part);
    entries_.push_back(std::move(e));
  }
  void commit() {
    const std::uint64_t begin = at_;
    for (const ZipEntry& e : entries_) {
      std::string header;
      put(header, zip_central, 4);
      put(header, 20, 2);  // made by version 2.0
      put_common(header, e);
      header.append(10, '\0');  // comment, part, attributes
      put(header, e.at, 4);
      write(header + e.name);
    }
    const std::uint64_t size = at_ - begin;
    std::string end;
    put(end, zip_end, 4);
    put(end, 0, 4);
    put(end, entries_.size(), 2);
    put(end, entries_.size(), 2);
    put(end, size, 4);
    put(end, begin, 4);
    put(end, 0, 2);
    write(end);
    file_.commit();
  }

 private:
  static void put(std::string& to, std::uint64_t v, int bytes) {
    for (; bytes > 0; --bytes, v >>= 8) to += static_cast<char>(v & 255);
  }
  /// What both headers hold, from the version needed to the length of the extra field.
  static void put_common(std::string& to, const ZipEntry& e) {
    put(to, 20, 2);
    put(to, 0x800, 2);  // the name is UTF-8
    put(to, 0, 2);
    put(to, 0, 2);
    put(to, 0x21, 2);  // 1980-01-01: the same tensors make the same file
    put(to, e.crc, 4);
    put(to, e.packed, 4);
    put(to, e.size, 4);
    put(to, e.name.size(), 2);
    put(to, 0, 2);
  }
  void write(std::string_view bytes) {
    file_.write(bytes.data(), bytes.size());
    at_ += bytes.size();
  }

  std::string_view caller_;
  std::string path_;
  FileWriter file_;
  std::uint64_t at_ = 0;
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
    std::string tail(std::min<std::uint64_t>(size_, zip_end_size + 65535), '\0');
    read(file, size_ - tail.size(), tail.data(), tail.size());
    const std::string mark{'P', 'K', '\x05', '\x06'};
    const std::size_t last =
        tail.size() < zip_end_size ? tail.npos : tail.rfind(mark, tail.size() - zip_end_size);
    ensure(last != tail.npos, "{}: not a zip archive, or cut short", name_);
    const char* end = tail.data() + last;
    const std::uint64_t end_at = size_ - tail.size() + last;
    const std::uint32_t count = zip_number(end + 10, 2), length = zip_number(end + 12, 4),
                        begin = zip_number(end + 16, 4), comment = zip_number(end + 20, 2);
    ensure(begin != 0xffffffffu && count != 0xffffu, "{}: a zip64 archive, of 4 GiB or more", name_);
    ensure(end_at + zip_end_size + comment == size_ && zip_number(end + 4, 4) == 0 &&
               zip_number(end + 8, 2) == count && std::uint64_t{begin} + length == end_at,
           "{}: the archive's end does not fit its directory", name_);
    std::string directory(length, '\0');
    read(file, begin, directory.data(), directory.size());
    parse(directory, count, begin);
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
    ensure(e.at + header.size() <= directory_at_, "{}: '{}': begins beyond the members' end", name_, e.name);
    read(file, e.at, header.data(), header.size());
    ensure(zip_number(header.data(), 4) == zip_local && zip_number(header.data() + 8, 2) == e.method &&
               zip_number(header.data() + 26, 2) == e.name.size() && header.ends_with(e.name),
           "{}: '{}': its local header is of another member", name_, e.name);
    const std::uint64_t begin = e.at + header.size() + zip_number(header.data() + 28, 2);
    ensure(begin + e.packed <= directory_at_, "{}: '{}': {} bytes reach beyond the members' end", name_,
           e.name, e.packed);
    return begin;
  }

 private:
  void parse(std::string_view directory, std::uint32_t count, std::uint64_t begin) {
    directory_at_ = begin;
    std::set<std::string> names;
    for (std::uint32_t i = 0; i < count; ++i) {
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
                 zip_number(p + 16, 4),
                 zip_number(p + 10, 2)};
      ensure((zip_number(p + 8, 2) & 1) == 0, "{}: '{}' is encrypted", name_, e.name);
      ensure(e.method == 0 || e.method == 8,
             "{}: '{}': compression method {}, expected 0 (stored) or 8 (deflated)", name_, e.name, e.method);
      ensure(e.packed != 0xffffffffu && e.size != 0xffffffffu && e.at != 0xffffffffu,
             "{}: '{}': a zip64 member, of 4 GiB or more", name_, e.name);
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
