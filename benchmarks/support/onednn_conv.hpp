// oneDNN's three products of one convolution, over tensors in figment's layouts.
#pragma once

#include <omp.h>

#include <dnnl.hpp>
#include <string>
#include <unordered_map>

#include "figment/core/tensor.hpp"
#include "figment/ops/conv_geometry.hpp"
#include "support/timing.hpp"

namespace benchmarks {

enum class Pass { forward, by_input, by_weight };

/// One product, prepared: the operands are brought into the layouts that oneDNN likes before, and its result
/// back into ours after what is timed.
class OneDnnConv {
 public:
  /// The faster of two: activations channels-last, or as oneDNN chooses. Weights always as it chooses.
  static OneDnnConv best(const figment::detail::ConvGeometry& g, Pass pass, const figment::Tensor<float>& x,
                         const figment::Tensor<float>& w, const figment::Tensor<float>& y) {
    OneDnnConv list[] = {{g, pass, x, w, y, false}, {g, pass, x, w, y, true}};
    double best[] = {1e9, 1e9};
    for (int round = 0; round < 5; ++round)  // the first one warms up and counts only if it was the best
      for (int i = 0; i < 2; ++i) best[i] = std::min(best[i], time_calls([&] { list[i].run(); }, 1));
    return std::move(list[best[1] < best[0]]);
  }

  void run() {
    primitive_.execute(stream_, arguments_);
    stream_.wait();
  }

  /// The result of the last run, in figment's layout.
  figment::Tensor<float> result() {
    figment::Tensor<float> out(shape_);
    dnnl::memory ours(result_.plain, engine_, out.mutable_data());
    dnnl::reorder(arguments_.at(result_.id), ours).execute(stream_, arguments_.at(result_.id), ours);
    stream_.wait();
    return out;
  }

  /// "nhwc" or "blocked": how the activations lie.
  const char* layout() const { return chosen_ ? "blocked" : "nhwc"; }

 private:
  using Desc = dnnl::memory::desc;
  using Tag = dnnl::memory::format_tag;
  struct Operand {
    int id;
    Desc plain, used;
  };

  OneDnnConv(const figment::detail::ConvGeometry& g, Pass pass, const figment::Tensor<float>& x,
             const figment::Tensor<float>& w, const figment::Tensor<float>& y, bool choose)
      : engine_(dnnl::engine::kind::cpu, 0), stream_(engine_), chosen_(choose) {
    using namespace dnnl;
    const auto f32 = memory::data_type::f32;
    const memory::dims xs = {g.batch, g.in, g.rows.input, g.columns.input},
                       ws = {g.out, g.in, g.rows.window, g.columns.window},
                       ys = {g.batch, g.out, g.rows.output, g.columns.output},
                       strides = {g.rows.stride, g.columns.stride}, before = {g.rows.pad, g.columns.pad};
    const auto after = [](const figment::detail::ConvAxis& a) {
      return (a.output - 1) * a.stride + a.window - a.input - a.pad;
    };
    const memory::dims behind = {after(g.rows), after(g.columns)};
    const Tag activations = choose ? Tag::any : Tag::nhwc;
    const Desc xd(xs, f32, activations), wd(ws, f32, Tag::any), yd(ys, f32, activations);
    const Desc xp(xs, f32, Tag::nhwc), wp(ws, f32, Tag::hwio), yp(ys, f32, Tag::nhwc);
    const auto how = algorithm::convolution_auto;
    const convolution_forward::primitive_desc forward(
        {prop_kind::forward_training, how, xd, wd, yd, strides, before, behind}, engine_);
    Operand operands[2];
    if (pass == Pass::forward) {
      primitive_ = convolution_forward(forward);
      operands[0] = {DNNL_ARG_SRC, xp, forward.src_desc()};
      operands[1] = {DNNL_ARG_WEIGHTS, wp, forward.weights_desc()};
      result_ = {DNNL_ARG_DST, yp, forward.dst_desc()};
      shape_ = g.y_shape();
    } else if (pass == Pass::by_input) {
      const convolution_backward_data::primitive_desc d(
          {algorithm::convolution_direct, xd, wd, yd, strides, before, behind}, engine_, forward);
      primitive_ = convolution_backward_data(d);
      operands[0] = {DNNL_ARG_DIFF_DST, yp, d.diff_dst_desc()};
      operands[1] = {DNNL_ARG_WEIGHTS, wp, d.weights_desc()};
      result_ = {DNNL_ARG_DIFF_SRC, xp, d.diff_src_desc()};
      shape_ = g.x_shape();
    } else {
      const convolution_backward_weights::primitive_desc d(
          {algorithm::convolution_direct, xd, wd, yd, strides, before, behind}, engine_, forward);
      primitive_ = convolution_backward_weights(d);
      operands[0] = {DNNL_ARG_SRC, xp, d.src_desc()};
      operands[1] = {DNNL_ARG_DIFF_DST, yp, d.diff_dst_desc()};
      result_ = {DNNL_ARG_DIFF_WEIGHTS, wp, d.diff_weights_desc()};
      shape_ = g.w_shape();
    }
    for (const Operand& o : operands) {
      const float* data = o.id == DNNL_ARG_SRC ? x.data() : o.id == DNNL_ARG_WEIGHTS ? w.data() : y.data();
      memory plain(o.plain, engine_, const_cast<float*>(data)), used(o.used, engine_);
      reorder(plain, used).execute(stream_, plain, used);
      arguments_[o.id] = used;
    }
    arguments_[result_.id] = memory(result_.used, engine_);
    stream_.wait();
  }

  dnnl::engine engine_;
  dnnl::stream stream_;
  dnnl::primitive primitive_;
  std::unordered_map<int, dnnl::memory> arguments_;
  Operand result_;
  figment::Shape shape_;
  bool chosen_;
};

}  // namespace benchmarks
