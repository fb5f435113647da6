// The gathered product by its definition, in panels of one column. Included inside an instruction set's
// namespace.
#ifndef FIGMENT_KERNEL_REGION
#include "figment/kernels/reference/matmul.inl"  // opened alone
#endif

template <class T>
Index gather_width(Index, bool) noexcept {
  return 1;
}

template <class T>
void gather_pack(const PackArgs<T>& p) noexcept {
  for (Index j = 0; j < p.n; ++j)
    for (Index l = 0; l < p.k; ++l) p.packed[j * p.panel + l] = p.b[l * p.along + j * p.across];
}

template <class T>
void gather(const GatherArgs<T>& p) noexcept {
  for (Index i = 0; i < p.m; ++i)
    for (Index j = 0; j < p.n; ++j) {
      T sum = 0;
      for (Index s = 0; s < p.segments; ++s)
        for (Index l = 0; l < p.k; ++l)
          sum +=
              p.a[p.a_rows[i] + p.a_segments[s] + l * p.a_along] * p.b[j * p.b_panel + p.b_segments[s] + l];
      T& to = p.c[p.c_rows[i] + j];
      to = p.accumulate ? to + sum : sum;
    }
}
