// One run at a time in a folder.
#pragma once

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#if __has_include(<sys/file.h>)
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

#include "figment/io/file.hpp"

namespace figment::io {

/// Holds a folder for one run, by a lock on the file .lock in it. The system releases the lock when the
/// process ends, however it ends. Where there are no such locks (Windows, some network file systems) it holds
/// nothing back.
class FolderLock {
 public:
  /// Holds nothing.
  FolderLock() = default;
  /// Takes a folder, which is made if there is none. Throws Error, naming the process, when another lock has
  /// it, and WriteError when nothing can be written there.
  explicit FolderLock(std::filesystem::path dir) : dir_(std::move(dir)) {
    std::error_code error;
    for (auto d = dir_; !d.empty() && !std::filesystem::exists(d, error); d = d.parent_path())
      made_.push_back(d);
    std::filesystem::create_directories(dir_, error);
    if (error) refuse(error.value());
    const std::string name = (dir_ / file_name).string();
    for (int i = 0; i < 100 && !(file_ && owned()); ++i) {  // again, where its owner has just removed it
      file_.reset(std::fopen(name.c_str(), mode));
      if (!file_) refuse(errno);
      lock();
    }
    write_process();
  }
  /// Takes it over.
  FolderLock(FolderLock&& other) noexcept
      : dir_(std::move(other.dir_)), made_(std::exchange(other.made_, {})), file_(std::move(other.file_)) {}
  /// Releases what it had.
  FolderLock& operator=(FolderLock&& other) noexcept {
    release();
    dir_ = std::move(other.dir_), made_ = std::exchange(other.made_, {}), file_ = std::move(other.file_);
    return *this;
  }
  ~FolderLock() { release(); }

  /// It holds a folder.
  explicit operator bool() const { return file_ != nullptr; }

  /// The folder has been renamed.
  void moved_to(std::filesystem::path dir) { dir_ = std::move(dir), made_.clear(); }

  /// Lets the folder go. One that was made for the lock and is still empty goes with it.
  void release() {
    std::error_code ignored;
    if (file_ && owned()) std::filesystem::remove(dir_ / file_name, ignored);
    file_.reset();
    for (const auto& dir : std::exchange(made_, {})) std::filesystem::remove(dir, ignored);  // if empty
  }

 private:
  static constexpr const char* file_name = ".lock";

  [[noreturn]] void refuse(int code) {
    release();
    throw WriteError("cannot write in " + dir_.string(), code);
  }

#if __has_include(<sys/file.h>)
  static constexpr const char* mode = "a+e";  // programs that are started do not inherit it
  void lock() {
    if (flock(fileno(file_.get()), LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return;
    long long process = 0;
    std::rewind(file_.get());
    const bool known = std::fscanf(file_.get(), "%lld", &process) == 1;
    file_.reset(), made_.clear();
    fail("cannot use the folder {}: a run of {} is going on in it", dir_.string(),
         known ? figment::format("process {}", process) : "another process");
  }
  /// The file is still the one in the folder.
  bool owned() const {
    struct stat mine {
    }, there{};
    return fstat(fileno(file_.get()), &mine) == 0 && stat((dir_ / file_name).c_str(), &there) == 0 &&
           mine.st_ino == there.st_ino && mine.st_dev == there.st_dev;
  }
  void write_process() {
    if (ftruncate(fileno(file_.get()), 0) != 0) return;
    std::fprintf(file_.get(), "%lld\n", static_cast<long long>(getpid()));
    std::fflush(file_.get());  // on a full disk others are not told who it is
  }
#else
  static constexpr const char* mode = "a+";
  void lock() {}
  bool owned() const { return true; }
  void write_process() {}
#endif

  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  std::filesystem::path dir_;
  std::vector<std::filesystem::path> made_;  // the deepest first
  std::unique_ptr<std::FILE, Close> file_;
};

}  // namespace figment::io
