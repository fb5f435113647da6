// The figures of a run, epoch by epoch.
#pragma once

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "figment/core/error.hpp"

namespace figment {

/// A table of figures with a named column each and a row an epoch; absent figures are NaN.
struct History {
  std::vector<std::string> columns;       ///< "epoch", "train", …
  std::vector<std::vector<double>> rows;  ///< a figure for each column

  /// There is such a column.
  bool has(std::string_view column) const {
    return std::find(columns.begin(), columns.end(), column) != columns.end();
  }
  /// One column from the first epoch to the last.
  std::vector<double> operator[](std::string_view column) const {
    const std::size_t c = position(column);
    std::vector<double> values;
    for (const auto& row : rows) values.push_back(figure(row, c));
    return values;
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
    const auto it = std::find(columns.begin(), columns.end(), column);
    if (it == columns.end()) {
      std::string known;
      for (const auto& name : columns) known += " " + name;
      fail("history: no column '{}' in:{}", column, known.empty() ? " none" : known);
    }
    return static_cast<std::size_t>(it - columns.begin());
  }
};

}  // namespace figment
