// Rows of an operand, and what is made of some, for every instruction set.
#pragma once

#include <cstddef>

namespace figment::kernels {

/// Rows that begin `row` elements apart, of elements `step` apart: 1, or 0 where one value is all of them.
template <class T>
struct RowsOf {
  const T* first;
  std::ptrdiff_t step, row;
};

/// What of the exponentials of a line is wanted.
enum class Softmax { softmax, log_softmax, log_sum_exp };

}  // namespace figment::kernels
