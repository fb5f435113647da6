// MNIST and the sets that share its files (Fashion-MNIST, KMNIST).
#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "figment/data/dataset.hpp"
#include "figment/data/idx.hpp"

namespace figment::data {

/// The two halves and the directory they came from.
struct Mnist {
  Dataset<float> train, test;
  std::filesystem::path source;
};

struct MnistOptions {
  bool unit_range = true;  ///< pixels in [0, 1]; false: 0 to 255
};

namespace detail {

/// The file in `dir` by either of its spellings, or an empty path.
inline std::filesystem::path mnist_file(const std::filesystem::path& dir, const std::string& stem,
                                        const std::string& kind) {
  for (const std::string separator : {"-", "."})
    for (const std::string ending : {"", ".gz"}) {
      auto path = dir / (stem + separator + kind + ending);
      std::error_code error;
      if (std::filesystem::is_regular_file(path, error)) return path;
    }
  return {};
}

struct MnistPaths {
  std::filesystem::path train_images, train_labels, test_images, test_labels;
  std::string missing;  // the first file that is not there, or empty

  explicit MnistPaths(const std::filesystem::path& dir) {
    const auto find = [&](const std::string& stem, const std::string& kind) {
      auto path = mnist_file(dir, stem, kind);
      if (path.empty() && missing.empty()) missing = stem + "-" + kind;
      return path;
    };
    train_images = find("train-images", "idx3-ubyte");
    train_labels = find("train-labels", "idx1-ubyte");
    test_images = find("t10k-images", "idx3-ubyte");
    test_labels = find("t10k-labels", "idx1-ubyte");
  }
};

inline Dataset<float> read_mnist(const std::filesystem::path& images, const std::filesystem::path& labels,
                                 const MnistOptions& options) {
  const Tensor<std::uint8_t> pixels = read_idx(images), classes = read_idx(labels);
  const bool digits = pixels.rank() == 3 && pixels.dim(1) == 28 && pixels.dim(2) == 28;
  check(digits, "load_mnist: {}: expected images (N, 28, 28), found {}", images.string(), pixels.shape());
  check(classes.rank() == 1, "load_mnist: {}: expected labels (N,), found {}", labels.string(),
        classes.shape());
  check(pixels.dim(0) == classes.dim(0), "load_mnist: {} images in {}, but {} labels in {}", pixels.dim(0),
        images.string(), classes.dim(0), labels.string());
  for (Index i = 0; i < classes.size(); ++i)
    check(classes(i) <= 9, "load_mnist: {}: label {} is {}, expected 0 to 9", labels.string(), i, classes(i));

  Tensor<float> x({pixels.dim(0), 28, 28, 1});
  const float white = options.unit_range ? 255.0f : 1.0f;
  std::transform(pixels.values().begin(), pixels.values().end(), x.mutable_data(),
                 [=](std::uint8_t p) { return static_cast<float>(p) / white; });
  return {std::move(x), cast<std::int32_t>(classes)};
}

inline std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

/// Where downloads are kept: under $XDG_CACHE_HOME, else ~/.cache; empty when neither is known.
inline std::filesystem::path download_dir() {
  if (const auto cache = environment("XDG_CACHE_HOME"); !cache.empty())
    return std::filesystem::path(cache) / "figment" / "mnist";
  if (const auto home = environment("HOME"); !home.empty())
    return std::filesystem::path(home) / ".cache" / "figment" / "mnist";
  return {};
}

}  // namespace detail

/// Reads the four files of MNIST from a directory, each named train-images-idx3-ubyte or
/// train-images.idx3-ubyte (and so on), with or without .gz. x: (N, 28, 28, 1); labels: (N,), 0 to 9.
/// Throws on a missing or damaged file, on wrong shapes, counts that differ and labels above 9.
inline Mnist load_mnist(const std::filesystem::path& dir, const MnistOptions& options = {}) {
  const detail::MnistPaths paths(dir);
  check(paths.missing.empty(), "load_mnist: {}: no {} (nor with a dot before idx, nor with .gz)",
        dir.string(), paths.missing);
  return {detail::read_mnist(paths.train_images, paths.train_labels, options),
          detail::read_mnist(paths.test_images, paths.test_labels, options), dir};
}

/// The directory to load MNIST from: `flag` (a program's --data) if not empty, else $FIGMENT_DATA, else the
/// directory of the downloads, else `bundled`. One that was asked for by flag or environment must have the
/// files: there is no falling back. Throws when none has them, listing the places.
inline std::filesystem::path find_mnist(const std::string& flag, const std::filesystem::path& bundled) {
  const auto demand = [](std::string_view who, const std::string& dir) {
    const detail::MnistPaths paths(dir);
    check(paths.missing.empty(), "{} {}: no {} there (nor with a dot before idx, nor with .gz)", who, dir,
          paths.missing);
    return std::filesystem::path(dir);
  };
  if (!flag.empty()) return demand("--data", flag);
  if (const auto dir = detail::environment("FIGMENT_DATA"); !dir.empty()) return demand("FIGMENT_DATA", dir);

  std::string tried;
  for (const auto& dir : {detail::download_dir(), bundled}) {
    if (dir.empty()) continue;
    if (detail::MnistPaths(dir).missing.empty()) return dir;
    tried += (tried.empty() ? "" : ", ") + dir.string();
  }
  fail("find_mnist: no MNIST files; looked in {}; give --data DIR or set FIGMENT_DATA", tried);
}

}  // namespace figment::data
