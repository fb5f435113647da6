// Copies between memory in different orders. For numbers of any type where vectors have one element. Included
// inside an instruction set's namespace.
#ifndef FIGMENT_KERNEL_REGION
#include "figment/kernels/generic/formulas.inl"  // opened alone
#endif

/// out[r * out_row + c] = in[r * in_row + c].
template <class T>
void copy_rows(const T* in, Index in_row, T* out, Index out_row, Index rows, Index columns) noexcept {
  constexpr Index width = Vec<T>::width;
  if (columns < width || width == 1) {
    for (; rows > 0; --rows, in += in_row, out += out_row)
      for (Index c = 0; c < columns; ++c) out[c] = in[c];
    return;
  }
  for (; rows > 0; --rows, in += in_row, out += out_row) {
    for (Index c = 0; c + width <= columns; c += width) Vec<T>::load(in + c).store(out + c);
    // The last vector ends where the row does, and copies some elements again.
    Vec<T>::load(in + columns - width).store(out + columns - width);
  }
}

/// out[r * out_row + c] = in[r * in_row].
template <class T>
void fill_rows(const T* in, Index in_row, T* out, Index out_row, Index rows, Index columns) noexcept {
  constexpr Index width = Vec<T>::width;
  for (; rows > 0; --rows, in += in_row, out += out_row) {
    if (columns < width || width == 1) {
      for (Index c = 0; c < columns; ++c) out[c] = *in;
      continue;
    }
    const Vec<T> v(*in);
    for (Index c = 0; c + width <= columns; c += width) v.store(out + c);
    v.store(out + columns - width);
  }
}

/// out[c * out_row + r] = in[r * in_row + c].
template <class T>
void transpose_rows(const T* in, Index in_row, T* out, Index out_row, Index rows, Index columns) noexcept {
  constexpr Index width = Vec<T>::width;
  Index whole = 0;  // rows that are done by squares
  if constexpr (width > 1) {
    whole = columns < width ? 0 : rows / width * width;
    for (Index r = 0; r < whole; r += width)
      for (Index c = 0; c < columns; c += width) {
        if (c + width > columns) c = columns - width;  // the last square, which may overlap the one before
        Vec<T> square[width];
        FIGMENT_UNROLL for (Index i = 0; i < width; ++i) square[i] = Vec<T>::load(in + (r + i) * in_row + c);
        transpose(square);
        FIGMENT_UNROLL for (Index i = 0; i < width; ++i) square[i].store(out + (c + i) * out_row + r);
      }
  }
  for (Index c = 0; c < columns; ++c)
    for (Index r = whole; r < rows; ++r) out[c * out_row + r] = in[r * in_row + c];
}
