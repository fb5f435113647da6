// Tables of numbers as comma-separated values.
#pragma once

#include <charconv>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "figment/core/finite.hpp"
#include "figment/core/shape.hpp"
#include "figment/io/file.hpp"

namespace figment::io {

namespace detail {

inline std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == text.npos) return text;
  std::string quoted = "\"";
  for (char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + '"';
}

}  // namespace detail

/// Writes a line of column names and a line for each row. Numbers have as many digits as give back the same
/// double; NaN is an empty field. Throws if a row has another length than the names.
inline void write_csv(const std::filesystem::path& path, const std::vector<std::string>& columns,
                      const std::vector<std::vector<double>>& rows) {
  std::string out;
  for (const auto& name : columns) out += (&name == columns.data() ? "" : ",") + detail::csv_field(name);
  out += '\n';
  for (const auto& row : rows) {
    ensure(row.size() == columns.size(), "write_csv: {}: row {} has {} values, expected {}", path.string(),
           &row - rows.data(), row.size(), columns.size());
    for (const double& v : row) {
      if (&v != row.data()) out += ',';
      char digits[32];
      if (!figment::detail::is_nan(v))
        out.append(digits, std::to_chars(digits, digits + sizeof digits, v).ptr);
    }
    out += '\n';
  }
  write_file(path, out);
}

}  // namespace figment::io
