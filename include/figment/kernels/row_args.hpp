// Rows of an operand, for every instruction set.
#pragma once

#include <cstddef>

namespace figment::kernels {

/// Rows that begin `row` elements apart, of elements `step` apart: 1, or 0 where one value is all of them.
template <class T>
struct RowsOf {
  const T* first;
  std::ptrdiff_t step, row;
};

}  // namespace figment::kernels
