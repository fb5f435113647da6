// Where tests leave files that a script of tests/python then reads.
#pragma once

#include <cstdlib>
#include <optional>

#include "support/temp_dir.hpp"

namespace test {

/// The directory that the script gave in FIGMENT_PYTHON_DIR, or without a script one that is removed again.
class PythonDir {
 public:
  PythonDir() {
    if (const char* given = std::getenv("FIGMENT_PYTHON_DIR"))
      path_ = given;
    else
      path_ = temporary_.emplace().path();
  }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::optional<TempDir> temporary_;
  std::filesystem::path path_;
};

}  // namespace test
