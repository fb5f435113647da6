// Files appear whole or not at all.
#include "figment/io/file.hpp"

#include <csignal>
#if __has_include(<sys/resource.h>)
#include <sys/resource.h>
#include <sys/wait.h>
#endif

#include "figment/io/folder_lock.hpp"

#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/temp_dir.hpp"

using namespace figment;
using test::error_of;

namespace {

std::size_t entries(const std::filesystem::path& dir) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(dir), {}));
}

}  // namespace

TEST_CASE("write_file makes directories, writes and replaces", "[file]") {
  test::TempDir dir;
  const auto path = dir / "a/b/c.txt";
  const std::string bytes("zero \0 byte\r\n", 13);
  io::write_file(path, bytes);
  CHECK(test::read_bytes(path) == bytes);
  io::write_file(path, std::vector<std::uint8_t>{'n', 'e', 'w'});
  CHECK(test::read_bytes(path) == "new");
  CHECK(entries(path.parent_path()) == 1);  // no temporary file stays
}

TEST_CASE("the old file stays until commit", "[file]") {
  test::TempDir dir;
  const auto path = dir / "model";
  io::write_file(path, "old");
  {
    io::FileWriter first(path), second(path);  // two writers do not share a temporary file
    first.write("first", 5);
    second.write("second", 6);
    CHECK(test::read_bytes(path) == "old");
    second.commit();
    CHECK(test::read_bytes(path) == "second");
    CHECK(entries(dir.path()) == 2);
  }
  CHECK(test::read_bytes(path) == "second");
  CHECK(entries(dir.path()) == 1);
}

TEST_CASE("a failing write names the path and the reason, and leaves nothing behind", "[file]") {
  test::TempDir dir;
  io::write_file(dir / "file", "a regular file");
  CHECK_THAT(error_of([&] { io::write_file(dir / "file/below/x", "x"); }),
             ContainsSubstring("cannot write " + (dir / "file/below/x").string()) &&
                 ContainsSubstring("Not a directory"));
  CHECK_THAT(error_of([&] { io::write_file(dir / "file/x", "x"); }),
             ContainsSubstring("Not a directory") || ContainsSubstring("File exists"));  // libc++'s words

  std::filesystem::create_directories(dir / "taken/by/a/directory");
  CHECK_THAT(error_of([&] { io::write_file(dir / "taken", "x"); }), ContainsSubstring("directory"));
  CHECK(entries(dir.path()) == 2);
  CHECK(test::read_bytes(dir / "file") == "a regular file");
}

TEST_CASE("a full disk is told from other reasons", "[file]") {
  CHECK(io::WriteError("x", ENOSPC).full);
  CHECK_FALSE(io::WriteError("x", EACCES).full);
  test::TempDir dir;
  io::write_file(dir / "file", "a regular file");
  CHECK_THROWS_AS(io::write_file(dir / "file/below/x", "x"), io::WriteError);
  CHECK_THROWS_AS(io::write_file(dir / "file/x", "x"), io::WriteError);
}

TEST_CASE("what killed writers left is removed, and nothing else", "[file]") {
  test::TempDir dir;
  for (const char* left : {"a.npy.tmp0", "b.tmp99", "report.html.tmp3"}) io::write_file(dir / left, "half");
  for (const char* other : {"a.npy", "a.tmp", "c.tmp100", ".tmp0", "d.tmpx", "e.tmp1.png"})
    io::write_file(dir / other, "whole");
  std::filesystem::create_directories(dir / "directory.tmp0");
  CHECK(io::remove_temporaries(dir.path(), "b") == 1);
  CHECK(io::remove_temporaries(dir.path()) == 2);
  CHECK(entries(dir.path()) == 7);
  CHECK(io::remove_temporaries(dir / "none") == 0);
}

#if __has_include(<sys/resource.h>)
TEST_CASE("a write that fails half-way leaves the old file", "[file]") {
  test::TempDir dir;
  io::write_file(dir / "model", "old");
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit old{};
  getrlimit(RLIMIT_FSIZE, &old);
  const rlimit small{4096, old.rlim_max};  // files of 4 kB at most, as if the disk were full
  setrlimit(RLIMIT_FSIZE, &small);
  const std::string error = error_of([&] { io::write_file(dir / "model", std::string(1 << 20, 'x')); });
  setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, handler);
  CHECK_THAT(error, ContainsSubstring((dir / "model").string()) && ContainsSubstring("File too large"));
  CHECK(test::read_bytes(dir / "model") == "old");
  CHECK(entries(dir.path()) == 1);
}
#endif

#if __has_include(<sys/file.h>)
TEST_CASE("a folder is one run's at a time", "[file]") {
  test::TempDir dir;
  const auto folder = dir / "runs/one";
  const std::string taken = "cannot use the folder " + folder.string() + ": a run of process " +
                            std::to_string(getpid()) + " is going on in it";
  {
    io::FolderLock lock(folder);
    CHECK(lock);
    CHECK(error_of([&] { io::FolderLock second(folder); }) == taken);
    CHECK(error_of([&] { io::FolderLock second(folder); }) == taken);  // the first try has changed nothing
    io::FolderLock elsewhere(dir / "runs/two");
    elsewhere = std::move(lock);
    CHECK(error_of([&] { io::FolderLock second(folder); }) == taken);
    CHECK_FALSE(std::filesystem::exists(dir / "runs/two"));  // made for the lock alone
  }
  CHECK(entries(dir.path()) == 0);

  // A folder that is moved away, and another in its place.
  io::FolderLock old(folder);
  io::write_file(folder / "config.json", "old");
  std::filesystem::rename(folder, dir / "runs/one.1");
  old.moved_to(dir / "runs/one.1");
  io::FolderLock now(folder);
  CHECK(error_of([&] { io::FolderLock second(dir / "runs/one.1"); }) != "no error");
  old.release();
  CHECK(entries(dir / "runs/one.1") == 1);  // the run, and no lock
  CHECK(error_of([&] { io::FolderLock second(folder); }) == taken);

  io::write_file(dir / "file", "x");
  CHECK_THROWS_AS(io::FolderLock(dir / "file/run"), io::WriteError);
}

TEST_CASE("the lock of a process that is killed is gone with it", "[file]") {
  test::TempDir dir;
  int ready[2];
  REQUIRE(pipe(ready) == 0);
  const pid_t child = fork();
  if (child == 0) {
    io::FolderLock lock(dir.path());
    if (write(ready[1], "x", 1) == 1) pause();
    _exit(0);
  }
  char x = 0;
  REQUIRE(read(ready[0], &x, 1) == 1);
  CHECK_THAT(error_of([&] { io::FolderLock second(dir.path()); }),
             ContainsSubstring("process " + std::to_string(child)));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  CHECK(error_of([&] { io::FolderLock second(dir.path()); }) == "no error");
  close(ready[0]), close(ready[1]);
}
#endif
