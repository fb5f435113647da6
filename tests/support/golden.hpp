// Golden values: arrays made once by PyTorch (tests/golden/make_golden.py) and kept as text.
#pragma once

#include <cmath>
#include <cstdint>
#include <fstream>
#include <limits>
#include <locale>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "figment/core/tensor.hpp"

#ifndef FIGMENT_SOURCE_DIR
#error "golden.hpp: define FIGMENT_SOURCE_DIR as the path of the repository, in quotes"
#endif

namespace golden {

/// The arrays of one group, read from tests/golden/<group>.txt. A line is `name (d0,d1,…) v v v …`; lines
/// that start with # are comments. Throws figment::Error for a missing file, a broken line and an unknown
/// name.
class Golden {
 public:
  explicit Golden(const std::string& group) : path_(FIGMENT_SOURCE_DIR "/tests/golden/" + group + ".txt") {
    std::ifstream file(path_);
    figment::ensure(file.is_open(), "golden: cannot open {}", path_);
    std::string line;
    for (int number = 1; std::getline(file, line); ++number)
      if (!line.empty() && line[0] != '#') read(line, number);
    figment::ensure(!arrays_.empty(), "golden: no arrays in {}", path_);
  }

  /// The array of this name, in memory of its own.
  figment::Tensor<double> operator[](const std::string& name) const {
    const Array& a = find(name);
    return figment::Tensor<double>(a.shape, a.values);
  }

  /// The array of this name as labels or positions; its values must be whole numbers.
  figment::Indices indices(const std::string& name) const {
    using Limits = std::numeric_limits<std::int32_t>;
    for (const double v : find(name).values)
      figment::ensure(v == std::trunc(v) && v >= Limits::min() && v <= Limits::max(),
                      "golden: '{}' in {} holds {}, expected whole numbers", name, path_, v);
    return figment::cast<std::int32_t>((*this)[name]);
  }

 private:
  struct Array {
    figment::Shape shape;
    std::vector<double> values;
  };

  const Array& find(const std::string& name) const {
    const auto found = arrays_.find(name);
    figment::ensure(found != arrays_.end(), "golden: no array '{}' in {}", name, path_);
    return found->second;
  }

  /// A number, inf, -inf or nan: the words a stream does not read.
  double value(const std::string& word, int number, const std::string& name) const {
    if (word == "nan") return std::numeric_limits<double>::quiet_NaN();
    if (word == "inf" || word == "-inf")
      return (word[0] == '-' ? -1 : 1) * std::numeric_limits<double>::infinity();
    std::istringstream in(word);
    in.imbue(std::locale::classic());
    double v = 0;
    in >> v;
    figment::ensure(!in.fail() && in.eof(), "golden: {}:{}: '{}' of '{}' is not a number", path_, number,
                    word, name);
    return v;
  }

  void read(const std::string& line, int number) {
    std::istringstream in(line);
    in.imbue(std::locale::classic());
    std::string name, extents;
    in >> name >> extents;
    const bool bracketed = extents.size() >= 2 && extents.front() == '(' && extents.back() == ')';
    figment::ensure(bracketed, "golden: {}:{}: expected a name and (d0,d1,…)", path_, number);

    Array array;
    std::istringstream dims(extents.substr(1, extents.size() - 2));
    for (std::string d; std::getline(dims, d, ',');) {
      const bool digits = !d.empty() && d.find_first_not_of("0123456789") == std::string::npos;
      figment::ensure(digits && d.size() < 10, "golden: {}:{}: '{}' is not a shape", path_, number, extents);
      array.shape.push_back(std::stol(d));
    }
    for (std::string word; in >> word;) array.values.push_back(value(word, number, name));
    figment::ensure(static_cast<figment::Index>(array.values.size()) == array.shape.size(),
                    "golden: {}:{}: '{}' has shape {} and {} values", path_, number, name, array.shape,
                    array.values.size());
    figment::ensure(arrays_.emplace(name, std::move(array)).second, "golden: {}:{}: a second '{}'", path_,
                    number, name);
  }

  std::string path_;
  std::map<std::string, Array> arrays_;
};

}  // namespace golden
