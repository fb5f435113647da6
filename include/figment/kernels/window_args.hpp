// The operands of operations on windows of an image, for every instruction set.
#pragma once

#include <cstddef>
#include <cstdint>

namespace figment::kernels {

/// What each output along an axis reads: output o the inputs index[k] for starts[o] <= k < starts[o + 1],
/// each with a number of its own, value[k].
template <class T>
struct Taps {
  const std::int32_t *starts, *index;
  const T* value;
};

/// One row of outputs. The elements of a window are the row's taps by the column's.
template <class T>
struct WindowRow {
  Taps<T> rows;     // this row's are those of output 0
  Taps<T> columns;  // of all outputs
  std::ptrdiff_t outputs, channels;
  const T* x;               // the image that is read
  std::ptrdiff_t line;      // elements of a row of it
  std::ptrdiff_t x_room;    // elements from x on that may be read
  T* y;                     // the row of outputs
  std::ptrdiff_t y_room;    // elements from y on that may be written, if this row is done before the next
  T* chosen = nullptr;      // WindowChoose: the number of the element that each output is
  const T* from = nullptr;  // such numbers: of the row of outputs (WindowPick) or of the image (WindowRoute)
};

namespace op {

// An element's number is the values of its two taps, added. It is a T, to compare in the lanes of the values.

/// The sum of the elements, each times the values of its two taps.
struct WindowSum {};
/// The largest element, or a NaN if there is one.
struct WindowMax {};
/// The same, and which element it is: the first of equals.
struct WindowChoose {};
/// The element whose number is `from`.
struct WindowPick {};
/// The sum of the elements whose number is their `from`.
struct WindowRoute {};

}  // namespace op

}  // namespace figment::kernels
