// MNIST and the sets that share its files (Fashion-MNIST, KMNIST).
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "figment/data/idx.hpp"
#include "figment/data/libsvm.hpp"

namespace figment::data {

/// The two halves and the directory they came from, or of libsvm text the training half's file.
struct Mnist {
  Dataset<float> train, test;    ///< images (N, 28, 28, 1), labels 0 to 9
  std::filesystem::path source;  ///< for messages
};

/// How the pixels are read.
struct MnistOptions {
  bool unit_range = true;  ///< pixels in [0, 1]; false: 0 to 255
};

/// The sets of such files that have names for their classes.
enum class MnistKind { digits, fashion };

/// What the classes 0 to 9 are, for legends.
inline std::vector<std::string> mnist_class_names(MnistKind kind) {
  if (kind == MnistKind::fashion)
    return {"T-shirt", "trouser", "pullover", "dress", "coat",
            "sandal",  "shirt",   "sneaker",  "bag",   "ankle boot"};
  return {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
}

/// The test half that belongs to a libsvm file: mnist.t to mnist, mnist.t.gz to mnist.gz.
inline std::filesystem::path libsvm_test_half(std::filesystem::path train) {
  const bool packed = train.extension() == ".gz";
  if (packed) train.replace_extension();
  return train += packed ? ".t.gz" : ".t";
}

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
  ensure(digits, "load_mnist: {}: expected images (N, 28, 28), found {}", images.string(), pixels.shape());
  ensure(classes.rank() == 1, "load_mnist: {}: expected labels (N,), found {}", labels.string(),
         classes.shape());
  ensure(pixels.dim(0) == classes.dim(0), "load_mnist: {} images in {}, but {} labels in {}", pixels.dim(0),
         images.string(), classes.dim(0), labels.string());
  for (Index i = 0; i < classes.size(); ++i)
    ensure(classes(i) <= 9, "load_mnist: {}: label {} is {}, expected 0 to 9", labels.string(), i,
           classes(i));

  Tensor<float> x({pixels.dim(0), 28, 28, 1});
  const float white = options.unit_range ? 255.0f : 1.0f;
  std::transform(pixels.values().begin(), pixels.values().end(), x.mutable_data(),
                 [=](std::uint8_t p) { return static_cast<float>(p) / white; });
  return {std::move(x), cast<std::int32_t>(classes)};
}

inline Dataset<float> read_mnist_libsvm(const std::filesystem::path& path, const MnistOptions& options) {
  Dataset<float> half = read_libsvm(path, 28 * 28);
  for (Index i = 0; i < half.labels.size(); ++i)
    ensure(half.labels(i) >= 0 && half.labels(i) <= 9, "load_mnist: {}: label {} is {}, expected 0 to 9",
           path.string(), i, half.labels(i));
  const auto pixels = half.x.values();
  const auto [low, high] = std::minmax_element(pixels.begin(), pixels.end());
  ensure(*low >= 0 && *high <= 255, "load_mnist: {}: expected pixels from 0 to 255, found {}", path.string(),
         *low < 0 ? *low : *high);
  const bool scaled = *high <= 1;
  ensure(options.unit_range || !scaled,
         "load_mnist: {}: expected pixels from 0 to 255, found none above {}: the file is scaled to [0, 1]",
         path.string(), *high);
  half.x = half.x.view_as({half.size(), 28, 28, 1});
  if (options.unit_range && !scaled) {
    float* p = half.x.mutable_data();
    std::transform(p, p + half.x.size(), p, [](float v) { return v / 255.0f; });
  }
  return half;
}

/// What keeps a place from being a set, for the end of a message, or nothing.
inline std::string mnist_lack(const std::filesystem::path& place) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(place, error)) {
    const MnistPaths paths(place);
    if (paths.missing.empty()) return {};
    return format("no {} there (nor with a dot before idx, nor with .gz)", paths.missing);
  }
  // As they are published.
  if (place.extension() == ".bz2" || place.extension() == ".xz") return "unpack it first; only .gz is read";
  const auto test = libsvm_test_half(place);
  if (std::filesystem::is_regular_file(test, error)) return {};
  return format("no {} beside it, the test half of libsvm text", test.filename().string());
}

}  // namespace detail

/// Reads MNIST from libsvm text, plain or gzipped: 784 features, labels 0 to 9. x: (N, 28, 28, 1). A file
/// without pixels above 1 is scaled already: its values stay, and unit_range = false is an error. Throws on
/// all that read_libsvm throws on, and on pixels and labels out of range.
inline Mnist load_mnist_libsvm(const std::filesystem::path& train, const std::filesystem::path& test,
                               const MnistOptions& options = {}) {
  return {detail::read_mnist_libsvm(train, options), detail::read_mnist_libsvm(test, options), train};
}

/// Reads the four files of MNIST from a directory, each named train-images-idx3-ubyte or
/// train-images.idx3-ubyte (and so on), with or without .gz; or, given a file, libsvm text from it and from
/// its libsvm_test_half. x: (N, 28, 28, 1); labels: (N,), 0 to 9. Throws on a missing or damaged file, on
/// wrong shapes, counts that differ and labels above 9.
inline Mnist load_mnist(const std::filesystem::path& place, const MnistOptions& options = {}) {
  const std::string lack = detail::mnist_lack(place);
  ensure(lack.empty(), "load_mnist: {}: {}", place.string(), lack);
  if (std::filesystem::is_regular_file(place))
    return load_mnist_libsvm(place, libsvm_test_half(place), options);
  const detail::MnistPaths paths(place);
  return {detail::read_mnist(paths.train_images, paths.train_labels, options),
          detail::read_mnist(paths.test_images, paths.test_labels, options), place};
}

}  // namespace figment::data
