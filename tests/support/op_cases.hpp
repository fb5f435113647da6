// The one list of operations: their forward, gradient, instruction-set and thread tests, and their
// benchmarks, all run over it. A new operation is one row here.
#pragma once

#include "support/op_cases/attention.hpp"
#include "support/op_cases/conv2d.hpp"
#include "support/op_cases/elementwise.hpp"
#include "support/op_cases/layers.hpp"
#include "support/op_cases/loss.hpp"
#include "support/op_cases/matmul.hpp"
#include "support/op_cases/norm.hpp"
#include "support/op_cases/rearrange.hpp"
#include "support/op_cases/recurrent.hpp"
#include "support/op_cases/reduce.hpp"
#include "support/op_cases/scan.hpp"
#include "support/op_cases/shape.hpp"
#include "support/op_cases/window.hpp"
#include "support/quick.hpp"

namespace test {

inline const std::vector<OpCase>& op_cases() {
  static const OpCases list = [] {
    OpCases c;
    math_cases(c);
    activation_cases(c);
    arithmetic_cases(c);
    assignment_cases(c);
    where_cases(c);
    reshape_cases(c);
    order_cases(c);
    part_cases(c);
    join_cases(c);
    index_cases(c);
    slices_cases(c);
    flip_cases(c);
    pad_cases(c);
    tile_cases(c);
    split_cases(c);
    gather_cases(c);
    sort_cases(c);
    broadcast_cases(c);
    reduce_cases(c);
    norm_of_axes_cases(c);
    product_cases(c);
    cumsum_cases(c);
    triangle_cases(c);
    gradient_flow_cases(c);
    softmax_cases(c);
    matmul_cases(c);
    einsum_cases(c);
    conv2d_cases(c);
    conv1d_cases(c);
    pool_cases(c);
    resize_cases(c);
    linear_cases(c);
    loss_cases(c);
    cross_entropy_cases(c);
    weighted_cross_entropy_cases(c);
    norm_cases(c);
    recurrent_cases(c);
    attention_cases(c);
    position_cases(c);
    group_norm_cases(c);
    rms_norm_cases(c);
    prelu_cases(c);
    embedding_cases(c);
    pixel_shuffle_cases(c);
    if (quick()) c.keep_small();
    return c;
  }();
  return list.rows();
}

}  // namespace test
