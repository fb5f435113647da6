// The text files of LIBSVM and svmlight, plain or gzipped: `label index:value index:value ... # comment`, an
// example a line, indices from 1 upwards, those left out 0 (format: svmlight.joachims.org).
#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "figment/core/finite.hpp"
#include "figment/data/dataset.hpp"
#include "figment/data/text_file.hpp"

namespace figment::data {

namespace detail {

/// One file being read into lists of what it gives: an example may leave out most of its values.
class LibsvmReader {
 public:
  LibsvmReader(const std::filesystem::path& path, Index features)
      : file_("read_libsvm", path), features_(features) {}

  Dataset<float> read() {
    for_each_line(file_, [this](const char* begin, const char* end) { line(begin, end); });
    const auto n = static_cast<Index>(labels_.size());
    ensure(n > 0, "read_libsvm: {}: expected an example on each line, found none", file_.name());
    const Index most = (std::numeric_limits<Index>::max)() / static_cast<Index>(sizeof(float));
    ensure(n <= most / features_, "read_libsvm: {}: {} examples of {} features are too many", file_.name(), n,
           features_);

    auto x = Tensor<float>::zeros({n, features_});
    float* row = x.mutable_data();
    std::size_t at = 0;
    for (const std::size_t end : ends_) {
      for (; at < end; ++at) row[indices_[at] - 1] = values_[at];
      row += features_;
    }
    return {std::move(x), Indices({n}, labels_)};
  }

 private:
  void line(const char* at, const char* end) {
    ++line_;
    if (const void* comment = std::memchr(at, '#', static_cast<std::size_t>(end - at)))
      end = static_cast<const char*>(comment);
    std::string_view token = next(at, end);
    if (token.empty()) return;
    labels_.push_back(label(token));
    std::int32_t last = 0;
    while (!(token = next(at, end)).empty())
      if (!token.starts_with("qid:")) last = element(token, last);
    ends_.push_back(values_.size());
  }

  /// The next word, or an empty one at the end.
  static std::string_view next(const char*& at, const char* end) {
    const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
    while (at != end && blank(*at)) ++at;
    const char* begin = at;
    while (at != end && !blank(*at)) ++at;
    return {begin, static_cast<std::size_t>(at - begin)};
  }

  std::int32_t label(std::string_view token) const {
    double v;  // some programs write 5 as 5.0
    if (!parse_number(token, v) || v != std::trunc(v) ||
        std::abs(v) > (std::numeric_limits<std::int32_t>::max)())
      bad("a whole number of 32 bits as label", token);
    return static_cast<std::int32_t>(v);
  }

  std::int32_t element(std::string_view token, std::int32_t last) {
    const std::size_t colon = token.find(':');
    if (colon == token.npos) bad("index:value", token);
    const std::string_view left = token.substr(0, colon), right = token.substr(colon + 1);

    std::int32_t index;
    const auto [end, error] = std::from_chars(left.data(), left.data() + left.size(), index);
    if (end != left.data() + left.size() || error != std::errc() || index < 1 || index > features_)
      bad(figment::format("an index from 1 to {}", features_), left);
    if (index <= last) bad(figment::format("an index above {}, the one before", last), left);

    float value;
    if (!parse_number(right, value)) bad(figment::format("a number as value {}", index), right);
    if (!figment::detail::is_finite(value))
      bad(figment::format("a finite number in the range of a float as value {}", index), right);
    indices_.push_back(index);
    values_.push_back(value);
    return index;
  }

  [[noreturn]] void bad(std::string_view expected, std::string_view found) const {
    fail("read_libsvm: {}: line {}: expected {}, found {}", file_.name(), line_, expected, quoted(found));
  }

  GzipFile file_;
  Index features_, line_ = 0;
  std::vector<std::int32_t> labels_, indices_;
  std::vector<float> values_;
  std::vector<std::size_t> ends_;  // of each example in indices_ and values_
};

}  // namespace detail

/// Reads a libsvm or svmlight text file, plain or gzipped. x: (N, features); labels: (N,), whole numbers.
/// Empty lines, comments (#) and query numbers (qid:n) are skipped. Throws on a file that is missing, damaged
/// or without examples, and with the number of the line on anything else that is not
/// `label index:value index:value ...` with ascending indices from 1 to `features` and finite values.
inline Dataset<float> read_libsvm(const std::filesystem::path& path, Index features) {
  ensure(features >= 1 && features < Index{1} << 31,
         "read_libsvm: expected features from 1 to 2^31 - 1, found {}", features);
  return detail::LibsvmReader(path, features).read();
}

/// Writes x (N, …), its rows flattened, as plain libsvm text: values that are not 0, in as few digits as give
/// them back. Label 0 where there are none. Throws, and leaves an old file as it was, on a value that is not
/// finite.
inline void write_libsvm(const std::filesystem::path& path, const Dataset<float>& dataset) {
  const Index n = dataset.size(), width = detail::row_size(dataset.x.shape());
  for (Index i = 0; i < dataset.x.size(); ++i)  // before an old file is lost
    ensure(figment::detail::is_finite(dataset.x.data()[i]), "write_libsvm: {}: value {} of example {} is {}",
           path.string(), i % width + 1, i / width, dataset.x.data()[i]);
  std::ofstream file(path, std::ios::binary);
  std::string text;
  const auto put = [&](auto value) {
    char digits[32];
    text.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
  };
  const float* row = dataset.x.data();
  for (Index i = 0; i < n; ++i, row += width) {
    put(dataset.labels.defined() ? dataset.labels.data()[i] : 0);
    for (Index j = 0; j < width; ++j) {
      if (row[j] == 0) continue;
      text += ' ';
      put(j + 1);
      text += ':';
      put(row[j]);
    }
    text += '\n';
    if (text.size() < 1 << 20 && i + 1 < n) continue;
    file.write(text.data(), static_cast<std::streamsize>(text.size()));
    text.clear();
  }
  file.close();
  ensure(!file.fail(), "write_libsvm: {}: cannot be written", path.string());
}

}  // namespace figment::data
