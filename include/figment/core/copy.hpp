// Copies of tensors' elements in another order, and parts of them; not recorded.
#pragma once

#include "figment/core/map.hpp"

namespace figment::detail {

/// Loops of a copy, from the innermost outwards: add(extent, step in `in`, step in `out`).
using CopyLoops = BroadcastLoops;

/// Copies of in to out. The loops inside are those along which memory is contiguous.
template <class T>
[[gnu::noinline]] void copy(const CopyLoops& loops, const T* in, T* out) {
  const Index n = loops.rank > 0 ? loops.extent[0] : 1;
  const Index from_step = loops.rank > 0 ? loops.a_step[0] : 1,
              to_step = loops.rank > 0 ? loops.b_step[0] : 1;
  const Index rows = loops.rows();
  if (rows == 0) return;
  // A loop along which `in` is contiguous, where the innermost is one along which only `out` is.
  Index across = 0;
  for (Index d = 1; d < loops.rank && to_step == 1 && from_step > 1; ++d)
    if (loops.a_step[d] == 1 && loops.extent[d] > 1) across = d;
  if (across > 0) {
    CopyLoops others;  // each row one place: nothing lies inside it
    others.rank = 1, others.a_step[0] = others.b_step[0] = -1;
    for (Index d = 1; d < loops.rank; ++d)
      if (d != across) others.add(loops.extent[d], loops.a_step[d], loops.b_step[d]);
    constexpr Index band = 32;  // columns, two lines of the cache
    const Index columns = loops.extent[across], bands = (columns + band - 1) / band;
    const Index apart = loops.b_step[across];
    parallel_for(others.rows() * bands, elementwise_grain / (n * (std::min)(band, columns)) + 1,
                 [&](Index begin, Index end) {
                   for (Index u = begin; u < end; ++u)
                     others.each_row(u / bands, u / bands + 1, [&](Index, Index from, Index to) {
                       const Index c = u % bands * band;
                       kernels::transpose_rows(in + from + c, from_step, out + to + c * apart, apart, n,
                                               (std::min)(band, columns - c));
                     });
                 });
    return;
  }
  if (rows == 1 && (from_step == 0 || from_step == 1) && to_step == 1) {  // one run, to be split anywhere
    parallel_for(n, elementwise_grain, [&](Index begin, Index end) {
      if (from_step)
        std::copy(in + begin, in + end, out + begin);
      else
        kernels::fill_rows(in, 0, out + begin, 0, 1, end - begin);
    });
    return;
  }
  const Index next_in = loops.a_step[1], next_out = loops.b_step[1];
  parallel_for(rows, elementwise_grain / n + 1, [&](Index begin, Index end) {
    loops.each_run(begin, end, [&](Index, Index count, Index from, Index to) {
      if (from_step == 1 && to_step == 1)
        kernels::copy_rows(in + from, next_in, out + to, next_out, count, n);
      else if (from_step == 0 && to_step == 1)
        kernels::fill_rows(in + from, next_in, out + to, next_out, count, n);
      else if (from_step == -1 && to_step == 1)
        for (; count > 0; --count, from += next_in, to += next_out)
          std::reverse_copy(in + from - n + 1, in + from + 1, out + to);
      else
        for (; count > 0; --count, from += next_in, to += next_out)
          for (Index i = 0; i < n; ++i) out[to + i * to_step] = in[from + i * from_step];
    });
  });
}

}  // namespace figment::detail
