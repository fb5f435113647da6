// Files that are either written whole or left as they were.
#pragma once

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#if __has_include(<unistd.h>)
#include <unistd.h>
#endif

#include "figment/core/error.hpp"

namespace figment::io {

/// Writes beside the file it is for, and takes its place at commit(). Without commit() the old file stays.
class FileWriter {
 public:
  /// Opens a temporary file next to `path`, after making the directories above it.
  explicit FileWriter(std::filesystem::path path) : path_(std::move(path)) {
    if (const auto dir = path_.parent_path(); !dir.empty()) {
      std::error_code error;
      std::filesystem::create_directories(dir, error);
      if (error) fail("cannot write {}: making {}: {}", path_.string(), dir.string(), error.message());
    }
    // "x" opens only a name that is free, so that two writers of one path do not share a temporary file.
    for (int i = 0; i < 100 && !file_; ++i) {
      temporary_ = path_;
      temporary_ += ".tmp" + std::to_string(i);
      file_ = std::fopen(temporary_.string().c_str(), "wbx");
      if (!file_ && errno != EEXIST) break;
    }
    if (!file_) give_up(errno);
    pending_ = true;
  }
  FileWriter(const FileWriter&) = delete;
  FileWriter& operator=(const FileWriter&) = delete;
  ~FileWriter() { discard(); }

  /// Appends. Throws when the disk takes no more, and after commit().
  void write(const void* bytes, std::size_t n) {
    check_open();
    if (n > 0 && std::fwrite(bytes, 1, n, file_) != n) give_up(errno);  // of no bytes there may be no address
  }

  /// Flushes to the disk and renames, once.
  void commit() {
    check_open();
    bool good = std::fflush(file_) == 0;
#if __has_include(<unistd.h>)
    // Some systems write the new name before the data: a power cut would leave an empty file.
    good = good && (fsync(fileno(file_)) == 0 || errno == EINVAL);
#endif
    if (!good) give_up(errno);
    if (std::fclose(std::exchange(file_, nullptr)) != 0) give_up(errno);
    std::error_code error;
    std::filesystem::rename(temporary_, path_, error);
    if (error) give_up(error.value());
    pending_ = false;
  }

 private:
  void check_open() const {
    ensure(file_ != nullptr, "cannot write {}: it was committed or given up before", path_.string());
  }
  [[noreturn]] void give_up(int code) {
    discard();
    fail("cannot write {}: {}", path_.string(), std::generic_category().message(code));
  }
  void discard() {
    if (file_) std::fclose(std::exchange(file_, nullptr));
    std::error_code ignored;
    if (std::exchange(pending_, false)) std::filesystem::remove(temporary_, ignored);
  }

  std::filesystem::path path_, temporary_;
  std::FILE* file_ = nullptr;
  bool pending_ = false;  // the temporary file is ours to remove
};

/// Writes the whole file, making the directories above it; on failure an old file stays as it was.
inline void write_file(const std::filesystem::path& path, std::string_view bytes) {
  FileWriter file(path);
  file.write(bytes.data(), bytes.size());
  file.commit();
}
/// The same of bytes.
inline void write_file(const std::filesystem::path& path, std::span<const std::uint8_t> bytes) {
  FileWriter file(path);
  file.write(bytes.data(), bytes.size());
  file.commit();
}

}  // namespace figment::io
