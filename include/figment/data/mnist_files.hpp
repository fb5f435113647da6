// The files of a set of MNIST's kind, found by what its publishers call them.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "figment/core/error.hpp"
#include "figment/io/wrong_file.hpp"

namespace figment::data {

/// The test half that belongs to a libsvm file: mnist.t to mnist, mnist.t.gz to mnist.gz.
inline std::filesystem::path libsvm_test_half(std::filesystem::path train) {
  const bool packed = train.extension() == ".gz";
  if (packed) train.replace_extension();
  return train += packed ? ".t.gz" : ".t";
}

namespace detail {

/// How the files of a set are written.
enum class MnistFormat {
  idx,    ///< four files, of images and of labels
  npz,    ///< four files of NumPy's with one array each, as Kuzushiji-MNIST has them
  keras,  ///< one .npz of x_train, y_train, x_test and y_test
  csv,    ///< two files of a label and the pixels a line
  libsvm  ///< two files
};

/// A set's files. Where images and labels are in one file, it is the images'.
struct MnistFiles {
  MnistFormat format = MnistFormat::idx;
  std::filesystem::path train_images, train_labels, test_images, test_labels;
  std::string lack;  ///< what keeps them from being a set, for the end of a message, or nothing
};

inline bool is_file(const std::filesystem::path& path) {
  std::error_code error;
  return std::filesystem::is_regular_file(path, error);
}

/// The file in `dir` by one of its spellings, unpacked first, or an empty path. MNIST's types are in its
/// files' names: idx3-ubyte are bytes.
inline std::filesystem::path idx_file(const std::filesystem::path& dir, const std::string& stem,
                                      const std::vector<const char*>& ranks) {
  for (const char* separator : {"-", "."})
    for (const char* ending : {"", ".gz"})
      for (const char* rank : ranks)
        for (const char* type : {"-ubyte", "-byte", "-short", "-int", "-float", "-double"}) {
          auto path = dir / (stem + separator + rank + type + ending);
          if (is_file(path)) return path;
        }
  return {};
}

/// MNIST's four files with `prefix` before their names: that of EMNIST, QMNIST and their like.
inline MnistFiles idx_files(const std::filesystem::path& dir, const std::string& prefix) {
  MnistFiles files;
  const auto find = [&](std::vector<std::string> stems, const std::vector<const char*>& ranks,
                        const char* name) {
    for (const std::string& stem : stems)
      if (auto path = idx_file(dir, prefix + stem, ranks); !path.empty()) return path;
    if (files.lack.empty())
      files.lack = figment::format("no {}-{} there (nor with a dot before idx, nor with .gz)",
                                   prefix + stems[0], name);
    return std::filesystem::path();
  };
  files.train_images = find({"train-images"}, {"idx3"}, "idx3-ubyte");
  files.train_labels = find({"train-labels"}, {"idx1", "idx2"}, "idx1-ubyte");
  // Only MNIST itself, and what took its names, has 10,000 of them.
  std::vector<std::string> images{"t10k-images", "test-images"}, labels{"t10k-labels", "test-labels"};
  if (!prefix.empty()) std::swap(images[0], images[1]), std::swap(labels[0], labels[1]);
  files.test_images = find(images, {"idx3"}, "idx3-ubyte");
  files.test_labels = find(labels, {"idx1", "idx2"}, "idx1-ubyte");
  return files;
}

/// The name with the last `from` in it replaced, or an empty one.
inline std::string renamed(std::string name, std::string_view from, std::string_view to) {
  const std::size_t at = name.rfind(from);
  if (at == name.npos) return {};
  return name.replace(at, from.size(), to);
}

/// The set that a file belongs to, which is of its training half.
inline MnistFiles mnist_files_of(const std::filesystem::path& file) {
  const std::string name = file.filename().string();
  const auto dir = file.parent_path();
  const std::size_t stem = name.find("train-images");
  if (stem != name.npos && name.find("idx3", stem) != name.npos) return idx_files(dir, name.substr(0, stem));

  MnistFiles files;
  files.train_images = file;
  const auto beside = [&](const std::string& other, std::string_view what) {
    if (files.lack.empty() && (other.empty() || !is_file(dir / other)))
      files.lack =
          figment::format("no {} beside it, {}", other.empty() ? "file with test for train" : other, what);
    return dir / other;
  };
  if (name.ends_with("-train-imgs.npz")) {
    files.format = MnistFormat::npz;
    files.train_labels = beside(renamed(name, "imgs", "labels"), "the labels");
    files.test_images = beside(renamed(name, "train", "test"), "the test half");
    files.test_labels = beside(renamed(renamed(name, "imgs", "labels"), "train", "test"), "its labels");
    return files;
  }
  if (name.ends_with(".npz")) {
    files.format = MnistFormat::keras;
    files.test_images = file;
    return files;
  }
  if (name.ends_with(".csv") || name.ends_with(".csv.gz")) {
    files.format = MnistFormat::csv;
    files.test_images = beside(renamed(name, "train", "test"), "the test half of the table");
    return files;
  }
  files.format = MnistFormat::libsvm;
  // As they are published.
  for (const char* ending : {".bz2", ".xz", ".zip", ".tar", ".tgz", ".tar.gz", ".7z"})
    if (name.ends_with(ending)) {
      files.lack = "unpack it first; of archives only .gz and .npz are read";
      return files;
    }
  std::string start(64, '\0');
  std::ifstream stream(file, std::ios::binary);
  stream.read(start.data(), 64);
  start.resize(static_cast<std::size_t>(stream.gcount()));
  const bool text = std::none_of(start.begin(), start.end(), [](char c) {
    return c >= 0 && c < ' ' && c != '\n' && c != '\r' && c != '\t';
  });
  const bool packed = start.starts_with("\x1f\x8b");
  if (const std::string other = io::detail::wrong_file(start); !other.empty() && !packed)
    files.lack = other;
  else if (!text && !packed)
    files.lack = "neither libsvm text, .csv nor .npz, nor a file of training images that is named as MNIST's";
  else
    files.test_images = beside(libsvm_test_half(file).filename().string(), "the test half of libsvm text");
  return files;
}

/// The files of training images in a folder, of the first format that there is.
inline std::vector<std::filesystem::path> mnist_train_files(const std::filesystem::path& dir) {
  std::vector<std::filesystem::path> idx, npz, keras, csv;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(dir, error)) {
    const std::string name = entry.path().filename().string();
    const std::size_t stem = name.find("train-images");
    const auto ends = [&](std::string_view ending) { return name.ends_with(ending); };
    if (stem != name.npos && name.find("idx3", stem) != name.npos) {
      const auto first = idx_file(dir, name.substr(0, stem) + "train-images", {"idx3"});
      if (std::find(idx.begin(), idx.end(), first) == idx.end()) idx.push_back(first);  // packed and unpacked
    } else if (ends("-train-imgs.npz")) {
      npz.push_back(entry.path());
    } else if (ends("mnist.npz")) {
      keras.push_back(entry.path());
    } else if ((ends(".csv") || ends(".csv.gz")) && name.find("train") != name.npos) {
      csv.push_back(entry.path());
    }
  }
  for (auto* list : {&idx, &npz, &keras, &csv})
    if (!list->empty()) {
      std::sort(list->begin(), list->end());
      return *list;
    }
  return {};
}

/// The files of the one set at a place, a folder or a file; `lack` says why there is none, or not one.
inline MnistFiles mnist_files(const std::filesystem::path& place) {
  MnistFiles none;
  std::error_code error;
  if (is_file(place)) return mnist_files_of(place);
  if (!std::filesystem::is_directory(place, error)) {
    none.lack = "no such file or directory";
    return none;
  }
  const auto plain = idx_files(place, "");
  if (plain.lack.empty() || !plain.train_images.empty()) return plain;
  auto found = mnist_train_files(place);
  if (found.empty()) {  // as torchvision has them, in raw or SET/raw, and NIST's archive of EMNIST, in gzip
    std::vector<std::filesystem::path> dirs{place / "raw", place / "gzip"};
    for (const auto& entry : std::filesystem::directory_iterator(place, error))
      dirs.push_back(entry.path() / "raw");
    for (const auto& dir : dirs)
      for (auto& file : mnist_train_files(dir)) found.push_back(std::move(file));
    std::sort(found.begin(), found.end());
  }
  if (found.size() == 1) return mnist_files_of(found[0]);
  none.lack = plain.lack + ", nor files of EMNIST, QMNIST, Kuzushiji, Keras, Kaggle or torchvision";
  if (!found.empty()) {
    none.lack = "several sets are there; give the training file of one of them:";
    for (const auto& file : found) none.lack += " " + file.lexically_relative(place).string();
  }
  return none;
}

}  // namespace detail
}  // namespace figment::data
