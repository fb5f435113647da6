// The operands of a step of a recurrent layer, for every instruction set.
#pragma once

#include <cstddef>

namespace figment::kernels {

/// A step forward over a batch. All are rows one after the other: (rows, units), or as many times as wide as
/// there are gates.
template <class T>
struct RecurrentStep {
  std::ptrdiff_t rows, units;
  const T* input;      ///< the gates before they are squashed: the input's part
  const T* recurrent;  ///< and that of the state before
  const T* before;     ///< of an LSTM the cell, of a GRU the hidden state
  T* gates;            ///< what the step's gradient reads, (rows, 4 units)
  T* hidden;           ///< the new state
  T* cell = nullptr;   ///< of an LSTM
};

/// The same backward.
template <class T>
struct RecurrentStepGradient {
  std::ptrdiff_t rows, units;
  const T *gates, *before;  ///< as above
  const T* cell;            ///< of an LSTM the new one
  const T* dy;              ///< by the new hidden state, from outside
  const T* through;         ///< and from the step after, through its gates
  T* beside;   ///< from the step after, beside its gates; becomes that of the step before: an LSTM's cell, a
               ///< GRU's hidden state
  T* d_input;  ///< by the input's part of the gates
  T* d_recurrent;  ///< of a GRU by the state's part
};

}  // namespace figment::kernels
