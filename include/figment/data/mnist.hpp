// MNIST and the sets of its kind: EMNIST, QMNIST, Fashion-MNIST, Kuzushiji-MNIST, in the files that they come
// in.
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "figment/data/csv.hpp"
#include "figment/data/idx.hpp"
#include "figment/data/libsvm.hpp"
#include "figment/data/mnist_files.hpp"
#include "figment/data/mnist_sets.hpp"
#include "figment/io/npz.hpp"

namespace figment::data {

/// The two halves and the place they came from, or of libsvm text the training half's file.
struct Mnist {
  Dataset<float> train, test;        ///< images (N, 28, 28, 1), labels from 0
  std::filesystem::path source;      ///< for messages
  std::vector<std::string> classes;  ///< what the labels mean, 10 to 62 of them
};

/// How the pixels are read.
struct MnistOptions {
  bool unit_range = true;  ///< pixels in [0, 1]; false: 0 to 255
};

namespace detail {

/// Labels (N,) from 0, of the set's classes.
inline Indices mnist_labels(Indices labels, const MnistSet& set, const std::filesystem::path& path) {
  ensure(labels.rank() == 1, "load_mnist: {}: expected labels (N,), found {}", path.string(), labels.shape());
  const auto classes = static_cast<std::int32_t>(set.classes.size());
  std::int32_t* p = labels.mutable_data();
  for (Index i = 0; i < labels.size(); ++i) {
    ensure(p[i] >= set.first && p[i] - set.first < classes,
           "load_mnist: {}: label {} is {}, expected {} to {}", path.string(), i, p[i], set.first,
           set.first + classes - 1);
    p[i] -= set.first;
  }
  return labels;
}

/// Pixels of any type as (N, 28, 28, 1), in [0, 1] or from 0 to 255. Those without one above 1 are taken to
/// be in [0, 1] already.
inline Tensor<float> mnist_pixels(Tensor<float> x, const MnistOptions& options,
                                  const std::filesystem::path& path) {
  float* const begin = x.mutable_data();
  float high = 0;
  for (Index i = 0; i < x.size(); ++i) {
    const float v = begin[i];
    ensure(figment::detail::is_finite(v) && v >= 0 && v <= 255,
           "load_mnist: {}: expected pixels from 0 to 255, found {}", path.string(), v);
    high = (std::max)(high, v);
  }
  const bool scaled = high <= 1 && x.size() > 0;
  ensure(options.unit_range || !scaled,
         "load_mnist: {}: expected pixels from 0 to 255, found none above {}: the file is scaled to [0, 1]",
         path.string(), high);
  if (options.unit_range && !scaled)
    std::transform(begin, begin + x.size(), begin, [](float v) { return v / 255.0f; });
  return x.view_as({x.dim(0), 28, 28, 1});
}

inline void check_mnist_shape(const Shape& found, const std::filesystem::path& path) {
  const bool images =
      (found.rank() == 3 || (found.rank() == 4 && found[3] == 1)) && found[1] == 28 && found[2] == 28;
  ensure(images, "load_mnist: {}: expected images (N, 28, 28), found {}", path.string(), found);
}

inline Tensor<float> mnist_idx_images(const std::filesystem::path& path, const MnistOptions& options) {
  IdxReader reader(path);
  const Shape shape = reader.header();
  check_mnist_shape(shape, path);
  if (reader.type().kind != 'u') return mnist_pixels(reader.values<float>(shape), options, path);
  const auto pixels = reader.values<std::uint8_t>(shape);
  Tensor<float> x({pixels.dim(0), 28, 28, 1});
  const float white = options.unit_range ? 255.0f : 1.0f;
  std::transform(pixels.values().begin(), pixels.values().end(), x.mutable_data(),
                 [=](std::uint8_t p) { return static_cast<float>(p) / white; });
  return x;
}

/// Of QMNIST's eight columns, the rest of which say who wrote the digit, the first.
inline Indices mnist_idx_labels(const std::filesystem::path& path) {
  const auto all = read_idx<std::int32_t>(path);
  if (all.rank() != 2 || all.dim(1) != 8) return all;
  Indices labels(Shape{all.dim(0)});
  for (Index i = 0; i < all.dim(0); ++i) labels.mutable_data()[i] = all(i, 0);
  return labels;
}

inline Tensor<float> mnist_npz_images(const io::NpzReader& file, const char* name,
                                      const std::filesystem::path& path, const MnistOptions& options) {
  const auto x = file.read(name);
  check_mnist_shape(x.shape(), path);
  return mnist_pixels(x, options, path);
}

/// Swaps the images' rows and columns.
inline void transpose_images(Tensor<float>& x) {
  float* image = x.mutable_data();
  for (Index i = 0; i < x.dim(0); ++i, image += 28 * 28)
    for (Index row = 0; row < 28; ++row)
      for (Index column = 0; column < row; ++column)
        std::swap(image[28 * row + column], image[28 * column + row]);
}

/// One half, of the images' file and the labels', which may be the same.
inline Dataset<float> read_mnist(MnistFormat format, const std::filesystem::path& images,
                                 const std::filesystem::path& labels, bool train, const MnistSet& set,
                                 const MnistOptions& options) {
  Dataset<float> half;
  std::filesystem::path labelled = images;
  switch (format) {
    case MnistFormat::idx:
      half = {mnist_idx_images(images, options), mnist_idx_labels(labels)};
      labelled = labels;
      break;
    case MnistFormat::npz:
      half = {mnist_npz_images(io::NpzReader(images), "arr_0", images, options),
              io::NpzReader(labels).read<std::int32_t>("arr_0")};
      labelled = labels;
      break;
    case MnistFormat::keras: {
      const io::NpzReader file(images);
      half = {mnist_npz_images(file, train ? "x_train" : "x_test", images, options),
              file.read<std::int32_t>(train ? "y_train" : "y_test")};
      break;
    }
    case MnistFormat::csv:
      half = read_csv(images, 28 * 28);
      half.x = mnist_pixels(half.x, options, images);
      ensure(half.labels.defined() || !train,
             "load_mnist: {}: expected a column of labels, found 784 of pixels", images.string());
      break;
    case MnistFormat::libsvm:
      half = read_libsvm(images, 28 * 28);
      half.x = mnist_pixels(half.x, options, images);
  }
  if (set.transposed) transpose_images(half.x);
  if (half.labels.defined()) half.labels = mnist_labels(half.labels, set, labelled);
  const bool fit = !half.labels.defined() || half.labels.dim(0) == half.x.dim(0);
  ensure(fit, "load_mnist: {} images in {}, but {} labels in {}", half.x.dim(0), images.string(),
         half.labels.size(), labelled.string());
  return half;
}

/// What keeps a place from being a set, for the end of a message, or nothing.
inline std::string mnist_lack(const std::filesystem::path& place) {
  const MnistFiles files = mnist_files(place);
  if (!files.lack.empty() || files.format != MnistFormat::keras) return files.lack;
  const io::NpzReader file(files.train_images);
  for (const char* name : {"x_train", "y_train", "x_test", "y_test"})
    if (!file.has(name)) return figment::format("no array {} in it, as Keras' mnist.npz has", name);
  return {};
}

}  // namespace detail

/// Reads MNIST from libsvm text, plain or gzipped: 784 features, labels 0 to 9. x: (N, 28, 28, 1). A file
/// without pixels above 1 is scaled already: its values stay, and unit_range = false is an error. Throws on
/// all that read_libsvm throws on, and on pixels and labels out of range.
inline Mnist load_mnist_libsvm(const std::filesystem::path& train, const std::filesystem::path& test,
                               const MnistOptions& options = {}) {
  const detail::MnistSet set = detail::mnist_set(train);
  const auto half = [&](const std::filesystem::path& path) {
    return detail::read_mnist(detail::MnistFormat::libsvm, path, path, true, set, options);
  };
  return {half(train), half(test), train, set.classes};
}

/// Reads a set of 28x28 images from a folder, or from the file of its training images:
/// - the four files of MNIST, train-images-idx3-ubyte or train-images.idx3-ubyte (and so on), those of QMNIST
///   and of EMNIST's splits (emnist-letters-train-images-idx3-ubyte), with or without .gz, in that folder or
///   in torchvision's raw or MNIST/raw below it;
/// - Keras' mnist.npz, and Kuzushiji-MNIST's kmnist-train-imgs.npz (k49-train-imgs.npz) and the three beside;
/// - tables as Kaggle has them, train.csv and test.csv: a label, 784 pixels, names in the first line or not.
/// A
///   test half without labels has none here;
/// - libsvm text, given as its file, with its libsvm_test_half.
///
/// x: (N, 28, 28, 1), upright, also EMNIST's; labels: (N,), from 0, also those of EMNIST's letters, which its
/// files count from 1. Classes are told by the names of file and folders, digits unless they say otherwise.
/// Floats without a pixel above 1 are scaled already: they stay, and unit_range = false is an error. Throws
/// on a missing or damaged file, a folder of several sets, wrong shapes, counts that differ, and labels or
/// pixels out of range.
inline Mnist load_mnist(const std::filesystem::path& place, const MnistOptions& options = {}) {
  const std::string lack = detail::mnist_lack(place);
  ensure(lack.empty(), "load_mnist: {}: {}", place.string(), lack);
  const detail::MnistFiles files = detail::mnist_files(place);
  const detail::MnistSet set = detail::mnist_set(files.train_images);
  return {detail::read_mnist(files.format, files.train_images, files.train_labels, true, set, options),
          detail::read_mnist(files.format, files.test_images, files.test_labels, false, set, options), place,
          set.classes};
}

}  // namespace figment::data
