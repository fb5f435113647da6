// How much memory a process has and had, from /proc; 0 where there is none.
#pragma once

#include <fstream>
#include <string>

namespace benchmarks {

/// A field of /proc/self/status in MB: "VmRSS" is what is resident now, "VmHWM" the most there has been.
inline double resident_mb(const std::string& field) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    double kb = 0;
    if (word == field + ":" && status >> kb) return kb / 1024;
  }
  return 0;
}

}  // namespace benchmarks
