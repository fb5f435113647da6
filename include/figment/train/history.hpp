// The figures of a run, epoch by epoch.
#pragma once

#include <limits>
#include <span>
#include <string>
#include <vector>

#include "figment/core/error.hpp"

namespace figment {

namespace detail {

/// The place of the first of these names that is this one, or how many there are. Out of line: std::find is
/// unrolled wherever it stands.
[[gnu::noinline]] inline std::size_t find_name(std::span<const std::string> names, std::string_view name) {
  std::size_t i = 0;
  while (i < names.size() && names[i] != name) ++i;
  return i;
}

}  // namespace detail

/// A table of figures with a named column each and a row an epoch; absent figures are NaN.
struct History {
  std::vector<std::string> columns;       ///< "epoch", "train", …
  std::vector<std::vector<double>> rows;  ///< a figure for each column

  /// There is such a column.
  bool has(std::string_view column) const { return detail::find_name(columns, column) < columns.size(); }
  /// One column from the first epoch to the last.
  std::vector<double> operator[](std::string_view column) const {
    const std::size_t c = position(column);
    std::vector<double> values;
    for (const auto& row : rows) values.push_back(figure(row, c));
    return values;
  }
  /// Sets a figure of the last epoch. A new column is NaN in those before.
  [[gnu::cold, gnu::noinline]] void put(std::string_view column, double value) {
    ensure(!rows.empty(), "history: no epoch has ended yet");
    const std::size_t at = detail::find_name(columns, column);
    if (at == columns.size()) {
      columns.push_back(std::string(column));
      for (auto& r : rows) r.push_back(std::numeric_limits<double>::quiet_NaN());
    }
    rows.back()[at] = value;
  }
  /// The column's figure of the last epoch.
  double last(std::string_view column) const {
    ensure(!rows.empty(), "history: no epoch has ended yet");
    return figure(rows.back(), position(column));
  }

 private:
  double figure(const std::vector<double>& row, std::size_t c) const {
    ensure(c < row.size(), "history: a row of {} figures under {} columns", row.size(), columns.size());
    return row[c];
  }
  std::size_t position(std::string_view column) const {
    const std::size_t at = detail::find_name(columns, column);
    if (at == columns.size()) no_column(column);
    return at;
  }
  [[noreturn, gnu::cold, gnu::noinline]] void no_column(std::string_view column) const {
    std::string known;
    for (const auto& name : columns) (known += ' ') += name;
    fail("history: no column '{}' in:{}", column, known.empty() ? " none" : known);
  }
};

}  // namespace figment
