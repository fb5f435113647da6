// The product as three plain loops: the oracle of the packed one. Included inside namespace reference.
#ifndef FIGMENT_KERNEL_REGION
#include "figment/kernels/generic/activation.inl"  // opened alone
#endif

template <class T>
Index matmul_scratch(const MatmulArgs<T>&) noexcept {
  return 0;
}

template <class T>
void matmul(const MatmulArgs<T>& p) noexcept {
  for (Index i = 0; i < p.m; ++i) {
    T* c = p.c + i * p.c_row;
    for (Index j = 0; j < p.n; ++j) c[j] = T(0);
    for (Index l = 0; l < p.k; ++l) {
      const T a = p.a[i * p.a_row + l * p.a_col];
      for (Index j = 0; j < p.n; ++j) c[j] += a * p.b[l * p.b_row + j * p.b_col];
    }
    for (Index j = 0; j < p.n && p.bias; ++j) c[j] += p.bias[j];
    activate(p.activation, p.slope, c, p.n);
  }
}
