// TensorBoard's event files: TFRecords (tensorflow.org/tutorials/load_data/tfrecord) of protobuf messages.
#pragma once

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#if __has_include(<unistd.h>)
#include <unistd.h>
#endif

#include "figment/core/error.hpp"
#include "figment/io/file.hpp"
#include "figment/io/wire.hpp"

namespace figment::io::detail {

/// CRC-32C (Castagnoli), as in RFC 3720.
inline std::uint32_t crc32c(std::string_view bytes) {
  static constexpr auto table = [] {
    std::array<std::uint32_t, 256> t{};
    for (std::uint32_t i = 0; i < 256; ++i) {
      t[i] = i;
      for (int bit = 0; bit < 8; ++bit) t[i] = t[i] >> 1 ^ (t[i] & 1 ? 0x82f63b78u : 0u);
    }
    return t;
  }();
  std::uint32_t crc = ~0u;
  for (const char c : bytes) crc = table[(crc ^ static_cast<unsigned char>(c)) & 255] ^ crc >> 8;
  return ~crc;
}
/// Masked, as the format has it: the CRC of bytes that hold their own CRC would be of little use.
inline std::uint32_t masked_crc32c(std::string_view bytes) {
  const std::uint32_t crc = crc32c(bytes);
  return (crc >> 15 | crc << 17) + 0xa282ead8u;
}

/// Seconds since 1970.
inline double wall_time() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// A new file in `dir`, to which records are appended. TensorBoard reads a folder's files in the order of
/// their names, which begin with the time.
class EventFile {
 public:
  explicit EventFile(const std::filesystem::path& dir) {
    std::error_code error;
    std::filesystem::create_directories(dir, error);
    if (error) throw WriteError("cannot write TensorBoard files in " + dir.string(), error.value());
    char host[256] = "localhost";
    int process = 0;
#if __has_include(<unistd.h>)
    gethostname(host, sizeof host - 1);
    process = static_cast<int>(getpid());
#endif
    char name[400];
    // "x" opens only a name that is free: a run that is stopped and resumed within a second gets two files.
    for (int i = 0; i < 1000 && !file_; ++i) {
      std::snprintf(name, sizeof name, "events.out.tfevents.%010lld.%.200s.%07d.%03d",
                    static_cast<long long>(wall_time()), host, process, i);
      path_ = dir / name;
      file_.reset(std::fopen(path_.string().c_str(), "wbx"));
      if (!file_ && errno != EEXIST) break;
    }
    if (!file_) throw WriteError("cannot write " + path_.string(), errno);
    std::setvbuf(file_.get(), nullptr, _IONBF, 0);  // the buffer is ours
  }

  const std::filesystem::path& path() const { return path_; }

  /// Puts a record into the buffer. Throws when it has to go to the disk and cannot, the first time; from
  /// then on without a word, so that a training may go on without it. What waits, up to 16 MB, is written
  /// when there is room again.
  void add(std::string_view record) {
    if (buffer_.size() > std::size_t{1} << 24) {
      lost_ = true;
      return;
    }
    const std::uint64_t length = record.size();
    char head[12];
    std::memcpy(head, &length, 8);
    const std::uint32_t of_length = masked_crc32c({head, 8}), of_record = masked_crc32c(record);
    std::memcpy(head + 8, &of_length, 4);
    char tail[4];
    std::memcpy(tail, &of_record, 4);
    buffer_.append(head, 12).append(record).append(tail, 4);
    if (buffer_.size() > 1 << 16) flush();
  }
  /// Hands the buffer to the system. Throws as add() does.
  void flush() {
    if (buffer_.empty()) return;
    // A part of a record may have found room: the rest of it is what comes next.
    const std::size_t written = std::fwrite(buffer_.data(), 1, buffer_.size(), file_.get());
    const int code = errno;
    buffer_.erase(0, written);
    if (buffer_.empty()) return;
    std::clearerr(file_.get());
    if (!std::exchange(failed_, true)) throw WriteError("cannot write " + path_.string(), code);
  }
  /// The system has every record.
  bool whole() const { return buffer_.empty() && !lost_; }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  std::filesystem::path path_;
  std::unique_ptr<std::FILE, Close> file_;
  std::string buffer_;
  bool failed_ = false, lost_ = false;
};

}  // namespace figment::io::detail
