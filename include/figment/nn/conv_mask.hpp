// Convolutions that see what comes before a pixel alone (van den Oord et al., 2016).
#pragma once

#include <string>

#include "figment/core/tensor.hpp"

namespace figment {

/// Which taps of a convolution are there: all; of an odd window only those above the middle, and left of it
/// in its row, so that a pixel is computed from what comes before it in reading order; or the middle too.
enum class ConvMask {
  none,      ///< all
  causal_a,  ///< without the middle: a network's first layer, whose input is what is to be foretold
  causal_b,  ///< with the middle: the later ones
};

namespace detail {

inline std::string mask_text(ConvMask mask) {
  return mask == ConvMask::none ? "" : mask == ConvMask::causal_a ? ", causal A" : ", causal B";
}

/// Ones and zeros for a weight (kh, kw, in, out). In the middle an output of colour g, one of `colours` equal
/// parts of the channels, sees the input's colours before g, and g itself in causal_b.
template <class T>
Tensor<T> conv_mask(const char* layer, ConvMask mask, const Shape& weight, Index groups, Index colours) {
  const Index height = weight[0], width = weight[1], in = weight[2], out = weight[3];
  ensure(height % 2 == 1 && width % 2 == 1, "{}: a mask needs an odd kernel, found {}x{}", layer, height,
         width);
  ensure(colours >= 1 && in % colours == 0 && out % colours == 0 && (groups == 1 || colours == 1),
         "{}: {} colour(s) do not divide {} and {} channels in {} group(s)", layer, colours, in, out, groups);
  Tensor<T> m(weight);
  T* p = m.mutable_data();
  for (Index tap = 0; tap < height * width; ++tap)
    for (Index i = 0; i < in; ++i)
      for (Index o = 0; o < out; ++o) {
        const Index from = i / (in / colours), to = o / (out / colours), middle = height * width / 2;
        *p++ =
            T(tap < middle || (tap == middle && (from < to || (from == to && mask == ConvMask::causal_b))));
      }
  return m;
}

}  // namespace detail

}  // namespace figment
