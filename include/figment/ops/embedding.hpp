// Rows of a table by their positions.
#pragma once

#include "figment/ops/compare.hpp"
#include "figment/ops/index.hpp"

namespace figment {

/// Row i of the table for each position i: (rows, features) and positions (…) to (…, features). The gradient
/// by the table is each row's of dy added up; that of row `padding`, if there is one, stays 0.
template <detail::Real T>
Tensor<T> embedding(const Tensor<T>& table, const Indices& positions, Index padding = -1) {
  ensure(table.rank() == 2, "embedding: expected a table (rows, features), found shape {}", table.shape());
  ensure(padding >= -1 && padding < table.dim(0), "embedding: padding {} is no row of table {}", padding,
         table.shape());
  ensure(positions.rank() < max_rank, "embedding: positions {} have no room for an axis of features",
         positions.shape());
  detail::check_positions(positions, table.dim(0), "embedding");
  const Indices flat = positions.view_as({positions.size()});
  Tensor<T> rows = detail::gather_rows("embedding", table, flat, 0);
  if (padding >= 0 && rows.tracked())
    rows = where(equal(flat, padding).view_as({flat.size(), 1}), rows.detach(), rows);
  Shape shape = positions.shape();
  shape.push_back(table.dim(1));
  return reshape(rows, shape);
}

}  // namespace figment
