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
#include <vector>

#if __has_include(<unistd.h>)
#include <unistd.h>
#endif

#include "figment/core/error.hpp"

namespace figment::io {

/// A file that cannot be written.
struct WriteError : Error {
  bool full = false;  ///< for want of room, on the disk or in what the user may fill of it
  /// With the system's code for the reason.
  WriteError(const std::string& message, int code)
      : Error(message + ": " + std::generic_category().message(code)) {
    full = code == ENOSPC;
#ifdef EDQUOT
    full = full || code == EDQUOT;
#endif
  }
};

/// Writes beside the file it is for, and takes its place at commit(). Without commit() the old file stays.
class FileWriter {
 public:
  /// Opens a temporary file next to `path`, after making the directories above it. As write() and commit() it
  /// throws WriteError where the system refuses.
  explicit FileWriter(std::filesystem::path path) : path_(std::move(path)) {
    if (const auto dir = path_.parent_path(); !dir.empty()) {
      std::error_code error;
      std::filesystem::create_directories(dir, error);
      if (error)
        throw WriteError(figment::format("cannot write {}: making {}", path_.string(), dir.string()),
                         error.value());
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
    throw WriteError("cannot write " + path_.string(), code);
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

/// Removes from a directory what killed writers left there: the temporary files NAME.tmp0 to NAME.tmp99 of
/// every NAME that begins with `prefix`. Only while nobody else is writing there. Returns how many there
/// were.
inline std::size_t remove_temporaries(const std::filesystem::path& dir, std::string_view prefix = {}) {
  std::vector<std::filesystem::path> found;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(dir, ignored)) {
    const std::string name = entry.path().filename().string();
    const std::size_t at = name.rfind(".tmp"), digits = name.size() - (at + 4);
    if (at == 0 || at == name.npos || digits < 1 || digits > 2 || !name.starts_with(prefix)) continue;
    if (name.find_first_not_of("0123456789", at + 4) == name.npos && entry.is_regular_file(ignored))
      found.push_back(entry.path());
  }
  std::size_t removed = 0;
  for (const auto& file : found) removed += std::filesystem::remove(file, ignored);
  return removed;
}

}  // namespace figment::io
