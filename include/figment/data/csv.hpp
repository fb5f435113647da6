// Examples as comma-separated values, plain or gzipped, as Kaggle has them: a label and the features a line.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "figment/core/finite.hpp"
#include "figment/data/dataset.hpp"
#include "figment/data/text_file.hpp"

namespace figment::data {

namespace detail {

/// One file being read.
class CsvReader {
 public:
  CsvReader(const std::filesystem::path& path, Index features)
      : file_("read_csv", path), features_(features) {}

  Dataset<float> read() {
    for_each_line(file_, [this](const char* begin, const char* end) {
      ++line_;
      std::string_view text(begin, static_cast<std::size_t>(end - begin));
      if (line_ == 1 && text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
      text = trimmed(text);
      if (text.empty()) return;
      split(text);
      if (columns_ == 0)
        begin_table();
      else
        row();
    });
    const Index n = values_.empty() ? 0 : static_cast<Index>(values_.size()) / features_;
    ensure(n > 0, "read_csv: {}: expected an example on each line, found none", file_.name());
    Dataset<float> all{Tensor<float>({n, features_}, values_)};
    if (label_ >= 0) all.labels = Indices({n}, labels_);
    return all;
  }

 private:
  static std::string_view trimmed(std::string_view text) {
    const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
    while (!text.empty() && blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && blank(text.back())) text.remove_suffix(1);
    return text;
  }
  /// The line's fields, without blanks and quotes around them.
  void split(std::string_view text) {
    fields_.clear();
    for (std::size_t begin = 0;;) {
      const std::size_t comma = text.find(',', begin);
      std::string_view field = trimmed(text.substr(begin, comma - begin));
      if (field.size() >= 2 && field.front() == '"' && field.back() == '"')
        field = field.substr(1, field.size() - 2);
      fields_.push_back(field);
      if (comma == text.npos) return;
      begin = comma + 1;
    }
  }
  /// The first line says which columns there are: by name if one of them is no number.
  void begin_table() {
    columns_ = static_cast<Index>(fields_.size());
    ensure(columns_ == features_ || columns_ == features_ + 1,
           "read_csv: {}: line {}: expected {} columns, or {} with the label, found {}", file_.name(), line_,
           features_, features_ + 1, columns_);
    label_ = columns_ == features_ ? -1 : 0;
    float value;
    const auto is_number = [&](std::string_view field) { return parse_number(field, value); };
    if (std::all_of(fields_.begin(), fields_.end(), is_number)) return row();
    if (label_ < 0) return;
    for (Index i = 0; i < columns_; ++i) {
      std::string name(fields_[static_cast<std::size_t>(i)]);
      for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
      if (name == "label" || name == "class") label_ = i;
    }
  }
  void row() {
    const auto found = static_cast<Index>(fields_.size());
    if (found != columns_)
      bad(figment::format("{} columns as in the first line", columns_), figment::format("{}", found));
    for (Index i = 0; i < columns_; ++i) {
      const std::string_view field = fields_[static_cast<std::size_t>(i)];
      if (i == label_) {
        labels_.push_back(label(field));
        continue;
      }
      float value;
      if (!parse_number(field, value) || !figment::detail::is_finite(value))
        bad(figment::format("a finite number in column {}", i + 1), quoted(field));
      values_.push_back(value);
    }
  }
  std::int32_t label(std::string_view field) const {
    double v;  // some programs write 5 as 5.0
    if (!parse_number(field, v) || v != std::trunc(v) ||
        std::abs(v) > (std::numeric_limits<std::int32_t>::max)())
      bad("a whole number of 32 bits as label", quoted(field));
    return static_cast<std::int32_t>(v);
  }
  [[noreturn]] void bad(std::string_view expected, std::string_view found) const {
    fail("read_csv: {}: line {}: expected {}, found {}", file_.name(), line_, expected, found);
  }

  GzipFile file_;
  Index features_, line_ = 0, columns_ = 0, label_ = -1;  // label_: its column, -1 for none
  std::vector<std::string_view> fields_;
  std::vector<float> values_;
  std::vector<std::int32_t> labels_;
};

}  // namespace detail

/// Reads a table of comma-separated numbers, plain or gzipped, an example a line. x: (N, features); labels:
/// (N,), whole numbers, from the column that the first line calls label or class, else from the first of
/// features + 1 columns; undefined where there is no column for them. The first line may be names. Throws on
/// a file that is missing, damaged or without examples, and with the number of the line on other counts of
/// columns and on what is no finite number.
inline Dataset<float> read_csv(const std::filesystem::path& path, Index features) {
  ensure(features >= 1, "read_csv: expected 1 or more features, found {}", features);
  return detail::CsvReader(path, features).read();
}

}  // namespace figment::data
