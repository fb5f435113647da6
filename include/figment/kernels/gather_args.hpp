// The operands of a product whose rows lie anywhere, for every instruction set.
#pragma once

#include <cstddef>

namespace figment::kernels {

/// c = or += sum over segments s of a_s b_s, where row i of a_s starts at a[a_rows[i] + a_segments[s]] and
/// goes on in steps of a_along, and row i of c starts at c[c_rows[i]]. b is packed by gather_pack: panels of
/// `width` columns, b_panel apart, in which segment s starts at row b_segments[s]. A width of 1 needs an
/// a_along of 1.
template <class T>
struct GatherArgs {
  std::ptrdiff_t m, n, k;  // of each segment
  const T* a;
  const std::ptrdiff_t* a_rows;
  std::ptrdiff_t a_along;
  const T* b;
  std::ptrdiff_t width, b_panel;
  T* c;
  const std::ptrdiff_t* c_rows;
  std::ptrdiff_t segments;
  const std::ptrdiff_t *a_segments, *b_segments;
  bool accumulate;  ///< add to what c holds
};

/// Where gather_pack finds b: k deep, n columns.
template <class T>
struct PackArgs {
  std::ptrdiff_t k, n;
  const T* b;
  std::ptrdiff_t along, across;
  T* packed;
  std::ptrdiff_t width, panel;  ///< of a panel; from one to the next in `packed`
};

}  // namespace figment::kernels
