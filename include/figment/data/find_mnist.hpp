// Where MNIST and Fashion-MNIST are on this machine.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "figment/data/mnist.hpp"

namespace figment::data {

namespace detail {

inline std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

/// Where downloads are kept: under $XDG_CACHE_HOME, else ~/.cache; empty when neither is known.
inline std::filesystem::path download_dir(const std::string& set) {
  if (const auto cache = environment("XDG_CACHE_HOME"); !cache.empty())
    return std::filesystem::path(cache) / "figment" / set;
  if (const auto home = environment("HOME"); !home.empty())
    return std::filesystem::path(home) / ".cache" / "figment" / set;
  return {};
}

/// The directories in which Debian's package dataset-fashion-mnist and its like may have put the files.
inline std::vector<std::filesystem::path> fashion_dirs() {
  std::vector<std::filesystem::path> dirs;
  const auto add = [&](const std::filesystem::path& share) {
    const auto dir = share / "datasets" / "fashion-mnist";
    if (share.is_absolute() && std::find(dirs.begin(), dirs.end(), dir) == dirs.end()) dirs.push_back(dir);
  };
  const std::string list = environment("XDG_DATA_DIRS");
  for (std::size_t begin = 0; begin < list.size();) {
    const std::size_t end = (std::min)(list.find(':', begin), list.size());
    add(list.substr(begin, end - begin));
    begin = end + 1;
  }
  add("/usr/local/share");
  add("/usr/share");
  return dirs;
}

/// The first place that has the set; `flag`, then $variable, decide alone if they are not empty.
inline std::filesystem::path find_mnist_in(const std::vector<std::filesystem::path>& places,
                                           const std::string& flag, const char* variable,
                                           std::string_view set, std::string_view advice) {
  const auto demand = [](std::string_view who, const std::string& place) {
    const std::string lack = mnist_lack(place);
    ensure(lack.empty(), "{} {}: {}", who, place, lack);
    return std::filesystem::path(place);
  };
  if (!flag.empty()) return demand("--data", flag);
  if (const auto place = environment(variable); !place.empty()) return demand(variable, place);

  std::string tried;
  for (const auto& dir : places) {
    if (dir.empty()) continue;
    if (mnist_lack(dir).empty()) return dir;
    tried += (tried.empty() ? "" : ", ") + dir.string();
  }
  fail("find_mnist: no {} files; looked in {}; {}", set, tried, advice);
}

}  // namespace detail

/// The place to load a set from: `flag` (a program's --data) if not empty, else $FIGMENT_DATA or, for
/// fashion, $FIGMENT_FASHION_DATA; else the first directory that has the files: that of the downloads, then
/// `bundled_digits`, or for fashion share/datasets/fashion-mnist in $XDG_DATA_DIRS, /usr/local and /usr. One
/// asked for by flag or environment is what load_mnist takes, and must have the set: there is no falling
/// back. Throws when none has it, listing the places.
inline std::filesystem::path find_mnist(MnistKind kind, const std::string& flag,
                                        const std::filesystem::path& bundled_digits = {}) {
  if (kind == MnistKind::digits)
    return detail::find_mnist_in({detail::download_dir("mnist"), bundled_digits}, flag, "FIGMENT_DATA",
                                 "MNIST", "give --data DIR or set FIGMENT_DATA");
  auto places = detail::fashion_dirs();
  places.insert(places.begin(), detail::download_dir("fashion-mnist"));
  return detail::find_mnist_in(
      places, flag, "FIGMENT_FASHION_DATA", "Fashion-MNIST",
      "install Debian's package dataset-fashion-mnist, give --data DIR or set FIGMENT_FASHION_DATA");
}

/// The place to load the digits from.
inline std::filesystem::path find_mnist(const std::string& flag,
                                        const std::filesystem::path& bundled_digits) {
  return find_mnist(MnistKind::digits, flag, bundled_digits);
}

}  // namespace figment::data
