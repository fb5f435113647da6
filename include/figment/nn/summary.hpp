// A model's layers as a table.
#pragma once

#include <algorithm>

#include "figment/nn/trace.hpp"

namespace figment {

namespace detail {

// Templates: programs without a summary do not compile them.

/// 533505 as "533,505".
inline std::string thousands(Index n) {
  std::string digits = std::to_string(n);
  for (Index at = static_cast<Index>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<std::size_t>(at), ",");
  return digits;
}

template <class Rows>
std::string table(const Rows& rows, std::size_t right_aligned) {
  std::vector<std::size_t> width(rows[0].size());
  for (const auto& row : rows)
    for (std::size_t c = 0; c < row.size(); ++c) width[c] = (std::max)(width[c], row[c].size());
  std::string out;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    std::string line;
    for (std::size_t c = 0; c < rows[r].size(); ++c) {
      const std::string pad(width[c] - rows[r][c].size(), ' ');
      line += c >= right_aligned ? pad + rows[r][c] : rows[r][c] + pad;
      if (c + 1 < rows[r].size()) line += "  ";
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
    if (r == 0) {
      std::size_t total = 2 * (width.size() - 1);
      for (std::size_t w : width) total += w;
      out += std::string(total, '-') + "\n";
    }
  }
  return out;
}

/// (1, 28, 28) as "(N, 28, 28)".
inline std::string batch_text(const Shape& shape) {
  std::string text = "(N";
  for (Index i = 1; i < shape.rank(); ++i) text += figment::format(", {}", shape[i]);
  return text += ')';
}

}  // namespace detail

/// One line a layer (path, layer, output shape with the batch as N, parameters), then the totals: what a
/// forward pass goes through. A layer with layers inside has a line where it does more than they do, or has
/// tensors of its own.
template <class M>
std::string summary(M& module, const SampleInputs& inputs) {
  std::vector<std::vector<std::string>> rows{{"path", "layer", "output", "parameters"}};
  for (const TraceRow& row : trace(module, inputs))
    if (row.leaf || !row.passes_on || row.parameters > 0)
      rows.push_back(
          {row.path, row.layer, detail::batch_text(row.output), detail::thousands(row.parameters)});
  const ParameterCount count = count_parameters(module);
  return detail::table(rows, 3) + figment::format("parameters: {}, trainable {}, not trainable {}\n",
                                                  detail::thousands(count.trainable + count.fixed),
                                                  detail::thousands(count.trainable),
                                                  detail::thousands(count.fixed));
}
/// The same of a single input, of shape `sample` without the batch.
template <class M>
std::string summary(M& module, const Shape& sample) {
  return summary(module, SampleInputs{{{"input", sample}}});
}

}  // namespace figment
