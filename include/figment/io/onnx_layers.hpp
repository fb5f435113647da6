// Each of the library's layers as ONNX operations.
#pragma once

#include <algorithm>
#include <numbers>

#include "figment/io/onnx_graph.hpp"
#include "figment/io/onnx_images.hpp"
#include "figment/io/onnx_norms.hpp"
#include "figment/nn/activation.hpp"
#include "figment/nn/attention.hpp"
#include "figment/nn/batch_norm.hpp"
#include "figment/nn/conv_transpose2d.hpp"
#include "figment/nn/dropout.hpp"
#include "figment/nn/gaussian_noise.hpp"
#include "figment/nn/gru.hpp"
#include "figment/nn/label_embedding.hpp"
#include "figment/nn/layer_norm.hpp"
#include "figment/nn/linear.hpp"
#include "figment/nn/lstm.hpp"
#include "figment/nn/masked_linear.hpp"
#include "figment/nn/penalty.hpp"
#include "figment/nn/pool.hpp"
#include "figment/nn/reshape.hpp"
#include "figment/nn/spectral_norm.hpp"
#include "figment/nn/trace.hpp"
#include "figment/nn/upsample.hpp"

namespace figment::io::detail {

/// Writes layers as ONNX operations: a function for each, from the value it takes to the one it makes.
template <class T>
class OnnxLayers {
 public:
  using Id = OnnxGraph::Id;
  using Layer = figment::detail::KeptLayer;
  /// Where what is written next belongs: names and errors say it.
  struct Place {
    std::string path, text;
    Shape input = {}, output = {};
  };

  explicit OnnxLayers(OnnxGraph& g) : graph(g) {}

  void enter(Place place) { place_ = std::move(place); }
  const Place& place() const { return place_; }
  std::string where() const {
    const bool both = !place_.path.empty() && !place_.text.empty();
    return place_.path + (both ? " " : "") + place_.text;
  }
  bool knows(const Layer& l) const {
    return l.exports_itself() || known([](const auto&) {}, l);
  }
  /// What a layer that is known makes of x.
  Id layer(const Layer& l, Id x) {
    Id y = x;
    if (l.exports_itself()) {
      OnnxWriter to(graph, place_.path);
      return graph.add_last(l.onnx(to, graph.last(x)), place_.output.rank());
    }
    known([&](const auto& typed) { y = write(typed, x); }, l);
    return y;
  }
  Id activation(Activation a, double slope, Id x) {
    if (a == Activation::relu) return each(x, {"Relu"});
    if (a == Activation::leaky_relu) return each(x, OnnxNode{"LeakyRelu"}.set("alpha", slope));
    if (a == Activation::sigmoid) return each(x, {"Sigmoid"});
    if (a == Activation::tanh) return each(x, {"Tanh"});
    return x;
  }

  // The operations' outputs, and the layers' constants by their tensors' names.
  std::string op(OnnxNode n) { return graph.node(place_.path, std::move(n)); }
  Id each(Id x, OnnxNode n) {
    n.inputs.insert(n.inputs.begin(), graph.any(x));
    return graph.add_like(op(std::move(n)), x);
  }
  /// Of what onnxruntime has for float alone, where the model is of double: the first input is cast to it,
  /// the others are float, and the result is cast back.
  std::string float_op(OnnxNode n) {
    if (graph.numbers() != OnnxGraph::double_type) return op(std::move(n));
    const auto to = [&](const std::string& x, OnnxGraph::NumberType type) {
      return op(std::move(OnnxNode{"Cast", {x}}.set("to", static_cast<Index>(type))));
    };
    n.inputs[0] = to(n.inputs[0], OnnxGraph::float_type);
    return to(op(std::move(n)), OnnxGraph::double_type);
  }
  Id each_float(Id x, OnnxNode n) {
    n.inputs.insert(n.inputs.begin(), graph.any(x));
    return graph.add_like(float_op(std::move(n)), x);
  }
  std::string constant_name(std::string_view name) const {
    return place_.path + (place_.path.empty() ? "" : ".") + std::string(name);
  }
  template <class C>
  std::string constant(std::string_view name, const C& values) {
    return graph.constant(constant_name(name), values);
  }
  std::string float_constant(std::string_view name, const Tensor<T>& values) {
    return graph.stored(constant_name(name), cast<float>(values));
  }
  std::string scalar(std::string_view name, double v) {
    return constant(name, Tensor<T>::scalar(static_cast<T>(v)));
  }

  OnnxGraph& graph;

  // The activations are operations between layers too.
  Id write(const Relu&, Id x) { return each(x, {"Relu"}); }
  Id write(const LeakyRelu& l, Id x) { return activation(Activation::leaky_relu, l.slope, x); }
  Id write(const Elu& l, Id x) {
    if (graph.numbers() != OnnxGraph::double_type) return each(x, OnnxNode{"Elu"}.set("alpha", l.alpha));
    // onnxruntime has no Elu of double: alpha (e^min(x, 0) - 1) + max(x, 0).
    const Id below = each(each(x, {"Min", {scalar("zero", 0)}}), {"Exp"});
    const Id scaled =
        each(each(below, {"Add", {scalar("minus_one", -1)}}), {"Mul", {scalar("alpha", l.alpha)}});
    return each(scaled, {"Add", {graph.any(each(x, {"Relu"}))}});
  }
  Id write(const Gelu&, Id x) {  // an operation of its own only from opset 20 on
    const Id root = each(x, {"Mul", {scalar("sqrt_half", std::numbers::sqrt2 / 2)}});
    const Id below = each(each_float(root, {"Erf"}), {"Add", {scalar("one", 1)}});
    return each(each(x, {"Mul", {graph.any(below)}}), {"Mul", {scalar("half", 0.5)}});
  }
  Id write(const Silu&, Id x) { return each(x, {"Mul", {graph.any(each(x, {"Sigmoid"}))}}); }
  Id write(const Softplus&, Id x) {
    if (graph.numbers() != OnnxGraph::double_type) return each(x, {"Softplus"});
    // Nor of double: max(x, 0) + log(1 + e^-|x|).
    const Id decay = each(each(each(x, {"Abs"}), {"Neg"}), {"Exp"});
    const Id log = each(each(decay, {"Add", {scalar("one", 1)}}), {"Log"});
    return each(log, {"Add", {graph.any(each(x, {"Relu"}))}});
  }
  Id write(const Sigmoid&, Id x) { return each(x, {"Sigmoid"}); }
  Id write(const Tanh&, Id x) { return each(x, {"Tanh"}); }
  Id write(const Reshape& l, Id x) {
    std::vector<std::int64_t> shape{0};  // the batch as it is
    shape.insert(shape.end(), l.shape.begin(), l.shape.end());
    return graph.add_last(op({"Reshape", {graph.last(x), constant("shape", shape)}}), l.shape.rank() + 1);
  }

 private:
  template <class F>
  static bool known(const F& f, const Layer& l) {
    return any_of<Linear<T>, Conv2d<T>, ConvTranspose2d<T>, BatchNorm<T>, LayerNorm<T>, LabelEmbedding<T>,
                  MaskedLinear<T>, Lstm<T>, Gru<T>, MultiHeadAttention<T>, Relu, LeakyRelu, Elu, Gelu, Silu,
                  Softplus, Sigmoid, Tanh, Softmax, Flatten, Reshape, MaxPool2d, AvgPool2d, UpSample2d,
                  Dropout, GaussianNoise, ActivityPenalty, SpectralNorm<Linear<T>>, SpectralNorm<Conv2d<T>>,
                  SpectralNorm<ConvTranspose2d<T>>, WeightPenalty<Linear<T>>, WeightPenalty<Conv2d<T>>,
                  WeightPenalty<ConvTranspose2d<T>>, GroupNorm<T>, InstanceNorm<T>, RmsNorm<T>, PRelu<T>,
                  Conv1d<T>, Embedding<T>, PixelShuffle, PixelUnshuffle, ReflectionPad2d, GlobalMaxPool2d,
                  GlobalAvgPool2d, AdaptiveMaxPool2d, AdaptiveAvgPool2d, Dropout2d, WeightNorm<Linear<T>>,
                  WeightNorm<Conv1d<T>>, WeightNorm<Conv2d<T>>, WeightNorm<ConvTranspose2d<T>>>(f, l);
  }
  template <class... Ls, class F>
  static bool any_of(const F& f, const Layer& l) {
    return ([&] {
      const Ls* typed = l.as<Ls>();
      if (typed) f(*typed);
      return typed != nullptr;
    }() || ...);
  }

  /// Of the layers whose export is a function beside this class.
  template <class L>
  Id write(const L& l, Id x) {
    return write_onnx(*this, l, x);
  }

  Id write(const Linear<T>& l, Id x) {
    const bool matrix = graph.rank(x) == 2;  // Gemm takes no other
    OnnxNode n{matrix ? "Gemm" : "MatMul", {graph.last(x), constant("weight", l.weight)}};
    if (matrix && l.bias.defined()) n.inputs.push_back(constant("bias", l.bias));
    Id y = graph.add_last(op(std::move(n)), graph.rank(x));
    if (!matrix && l.bias.defined()) y = each(y, {"Add", {constant("bias", l.bias)}});
    return activation(l.activation, l.slope, y);
  }

  Id write(const MaskedLinear<T>& l, Id x) {
    Linear<T> linear = l.linear;
    linear.weight = l.masked_weight();
    return write(linear, x);
  }

  Id write(const Conv2d<T>& l, Id x) {
    const auto g = figment::detail::conv_geometry("export_onnx", place_.input, l.weight.shape(), l.options);
    OnnxNode n{"Conv", {graph.first(x), float_constant("weight", permute(l.masked_weight(), {3, 2, 0, 1}))}};
    window(n, g.rows, g.columns).set("pads", pads(g.rows, g.columns)).set("group", g.groups);
    return convolved(l, std::move(n));
  }
  Id write(const ConvTranspose2d<T>& l, Id x) {
    // The convolution that this is the adjoint of.
    const auto g = figment::detail::conv_geometry("export_onnx", place_.output, l.weight.shape(), l.options);
    // How much smaller the output is than what all taps reach, and as much at the end as not at the begin; or
    // larger by the output padding.
    const auto end = [](const figment::detail::ConvAxis& a) {
      return (a.output - 1) * a.stride + (a.window - 1) * a.dilation + 1 - a.pad - a.input;
    };
    const Index bottom = end(g.rows), right = end(g.columns);
    OnnxNode n{"ConvTranspose", {graph.first(x), float_constant("weight", permute(l.weight, {3, 2, 0, 1}))}};
    window(n, g.rows, g.columns)
        .set("pads", list({g.rows.pad, g.columns.pad, std::max<Index>(bottom, 0), std::max<Index>(right, 0)}))
        .set("output_padding", list({std::max<Index>(-bottom, 0), std::max<Index>(-right, 0)}))
        .set("group", g.groups);
    return convolved(l, std::move(n));
  }
  Id convolved(const auto& l, OnnxNode n) {
    if (l.bias.defined()) n.inputs.push_back(float_constant("bias", l.bias));
    return activation(l.activation, l.slope, graph.add_first(float_op(std::move(n)), 4));
  }

  Id write(const BatchNorm<T>& l, Id x) {
    const Shape channels = l.running_mean.shape();
    OnnxNode n{"BatchNormalization",
               {graph.first(x), constant("gamma", l.gamma.defined() ? l.gamma : Tensor<T>::ones(channels)),
                constant("beta", l.beta.defined() ? l.beta : Tensor<T>::zeros(channels)),
                constant("running_mean", l.running_mean), constant("running_var", l.running_var)}};
    n.set("epsilon", l.epsilon);
    return activation(l.activation, l.slope, graph.add_first(op(std::move(n)), graph.rank(x)));
  }
  Id write(const LayerNorm<T>& l, Id x) {
    OnnxNode n{"LayerNormalization", {graph.last(x)}};
    n.inputs.push_back(constant("gamma", l.gamma.defined() ? l.gamma : Tensor<T>::ones({l.features})));
    if (l.beta.defined()) n.inputs.push_back(constant("beta", l.beta));
    n.set("axis", Index{-1}).set("epsilon", l.epsilon);
    return graph.add_last(op(std::move(n)), graph.rank(x));
  }
  Id write(const LabelEmbedding<T>& l, Id x) {
    const Index others = place_.input[1] - l.table.dim(0);
    const auto columns = [&](std::string_view name, Index begin, Index end) {
      const std::string text(name);
      return op({"Slice",
                 {graph.last(x), constant(text + "_begin", list({begin})),
                  constant(text + "_end", list({end})), constant(text + "_axis", list({1}))}});
    };
    const std::string rest = columns("rest", 0, others), one_hot = columns("label", others, place_.input[1]);
    const std::string label = op({"MatMul", {one_hot, constant("table", l.table)}});
    if (l.mode == LabelMode::multiply) return graph.add_last(op({"Mul", {rest, label}}), 2);
    return graph.add_last(op(std::move(OnnxNode{"Concat", {rest, label}}.set("axis", Index{1}))), 2);
  }

  Id write(const Lstm<T>& l, Id x) { return recurrent("LSTM", {0, 3, 1, 2}, l.stack, x); }
  Id write(const Gru<T>& l, Id x) { return recurrent("GRU", {1, 0, 2}, l.stack, x); }
  /// ONNX has the steps first, then directions, and the gates in another order: `gates` are ours.
  Id recurrent(const char* type, const std::vector<Index>& gates,
               const figment::detail::RecurrentStack<T>& stack, Id x) {
    const auto turned = [](const std::string& sequence) {
      return std::move(OnnxNode{"Transpose", {sequence}}.set("perm", list({1, 0, 2})));
    };
    std::string h = op(turned(graph.last(x)));
    for (std::size_t k = 0; k < stack.layers.size(); ++k) {
      const RecurrentWeights<T>& w = stack.layers[k];
      const auto ordered = [&](std::initializer_list<Tensor<T>> tensors) {  // (…, gates units) to (1, …)
        std::vector<Tensor<T>> parts;
        for (const auto& t : tensors)
          for (const Index g : gates) {
            const Tensor<T> part = figment::detail::gate(t, g, stack.units());
            parts.push_back(part.rank() == 2 ? transpose(part) : part);
          }
        return unsqueeze(concat(parts, 0), 0);
      };
      const std::string end = "_l" + std::to_string(k);
      OnnxNode n{type,
                 {h, float_constant("weight_ih" + end, ordered({w.weight_ih})),
                  float_constant("weight_hh" + end, ordered({w.weight_hh}))}};
      if (w.bias_ih.defined())
        n.inputs.push_back(float_constant("bias" + end, ordered({w.bias_ih, w.bias_hh})));
      n.set("hidden_size", stack.units());
      if (gates.size() == 3) n.set("linear_before_reset", Index{1});
      h = op({"Squeeze", {float_op(std::move(n)), constant("direction" + end, list({1}))}});
    }
    return graph.add_last(op(turned(h)), 3);
  }

  Id write(const MultiHeadAttention<T>& l, Id x) {
    const Index n = l.features(), heads = l.heads;
    const std::string rows = op({"Reshape", {graph.last(x), constant("rows", list({0, -1, n}))}});
    const auto head = [&](Index k, const char* name, std::initializer_list<Index> order) {
      const auto [weight, bias] = l.projection(k);
      const std::string text(name);
      std::string h = op({"MatMul", {rows, constant(text + "_weight", weight)}});
      if (bias.defined()) h = op({"Add", {h, constant(text + "_bias", bias)}});
      h = op({"Reshape", {h, constant(text + "_heads", list({0, -1, heads, n / heads}))}});
      return op(std::move(OnnxNode{"Transpose", {h}}.set("perm", list(order))));
    };
    const std::string q = head(0, "query", {0, 2, 1, 3}), k = head(1, "key", {0, 2, 3, 1}),
                      v = head(2, "value", {0, 2, 1, 3});
    const double scale = 1 / std::sqrt(static_cast<double>(n / heads));
    std::string h = op({"Mul", {op({"MatMul", {q, k}}), scalar("scale", scale)}});
    if (l.causal) {  // of as many positions as the sample that was exported has
      const Index length = place_.input.size() / (place_.input[0] * n);
      const Tensor<T> none = Tensor<T>::full({}, -std::numeric_limits<T>::infinity());
      const auto past = figment::detail::causal_mask(length, length);
      h = op({"Add", {h, constant("past", figment::where(past, Tensor<T>::zeros({}), none))}});
    }
    h = op({"MatMul", {op(std::move(OnnxNode{"Softmax", {h}}.set("axis", Index{-1}))), v}});
    h = op(std::move(OnnxNode{"Transpose", {h}}.set("perm", list({0, 2, 1, 3}))));
    std::vector<std::int64_t> shape{0};  // the batch as it is
    shape.insert(shape.end(), place_.input.begin() + 1, place_.input.end());
    h = op({"Reshape", {h, constant("shape", shape)}});
    h = op({"MatMul", {h, constant("out_proj.weight", l.out_proj.weight)}});
    if (l.out_proj.bias.defined()) h = op({"Add", {h, constant("out_proj.bias", l.out_proj.bias)}});
    return graph.add_last(h, place_.input.rank());
  }

  Id write(const Softmax&, Id x) {
    return graph.add_last(op(std::move(OnnxNode{"Softmax", {graph.last(x)}}.set("axis", Index{-1}))),
                          graph.rank(x));
  }

  Id write(const Flatten&, Id x) {
    return graph.add_last(op(std::move(OnnxNode{"Flatten", {graph.last(x)}}.set("axis", Index{1}))), 2);
  }
  Id write(const MaxPool2d& l, Id x) { return pool("MaxPool", l.options, x); }
  Id write(const AvgPool2d& l, Id x) {
    ensure(l.options.dilation == Extent2(1), "export_onnx: {}: ONNX's AveragePool has no dilation", where());
    return pool("AveragePool", l.options, x);  // which does not count the padding either
  }
  Id pool(const char* type, const PoolOptions& options, Id x) {
    const auto axes = figment::detail::pool_axes("export_onnx", place_.input, options);
    OnnxNode n{type, {graph.first(x)}};
    window(n, axes.rows, axes.columns, !(options.dilation == Extent2(1)))
        .set("pads", pads(axes.rows, axes.columns));
    const bool mean = n.type == "AveragePool";
    if (mean && options.count_include_pad) {
      // What ONNX counts is what the last window takes of the padding.
      const auto within = [](const figment::detail::PoolAxis& a) {
        return a.at(a.output - 1, a.window - 1) < a.end;
      };
      ensure(within(axes.rows) && within(axes.columns),
             "export_onnx: {}: there is no export for a last window that stands out of counted padding",
             where());
      n.set("count_include_pad", Index{1});
    }
    return graph.add_first(mean ? float_op(std::move(n)) : op(std::move(n)), 4);
  }
  Id write(const UpSample2d& l, Id x) {
    const auto scale = [](Index factor) { return static_cast<float>(factor); };
    const bool nearest = l.mode == Interpolation::nearest,
               corners = l.mode == Interpolation::bilinear_align_corners;
    OnnxNode n{"Resize",
               {graph.first(x), "",  // no region
                graph.stored(constant_name("scales"),
                             Tensor<float>({4}, {1, 1, scale(l.factor.height), scale(l.factor.width)}))}};
    n.set("mode", nearest ? "nearest" : "linear")
        .set("coordinate_transformation_mode", nearest   ? "asymmetric"
                                               : corners ? "align_corners"
                                                         : "half_pixel");
    if (nearest) n.set("nearest_mode", "floor");
    return graph.add_first(float_op(std::move(n)), 4);
  }

  // Nothing when the network is not trained.
  Id write(const Dropout&, Id x) { return x; }
  Id write(const Dropout2d&, Id x) { return x; }
  Id write(const GaussianNoise&, Id x) { return x; }
  Id write(const ActivityPenalty&, Id x) { return x; }
  template <class L>
  Id write(const WeightPenalty<L>& l, Id x) {
    return write(l.layer, x);
  }
  template <class L>
  Id write(const SpectralNorm<L>& l, Id x) {
    L normalised = l.layer;
    normalised.weight = no_grad([&] { return l.weight_for({}); });
    return write(normalised, x);
  }

  template <class L>
  Id write(const WeightNorm<L>& l, Id x) {
    L normalised = l.layer;
    normalised.weight = no_grad([&] { return l.weight(); });
    return write(normalised, x);
  }

  static std::vector<std::int64_t> list(std::initializer_list<Index> values) {
    return std::vector<std::int64_t>(values.begin(), values.end());
  }
  using Axis = figment::detail::ConvAxis;
  static OnnxNode& window(OnnxNode& n, const Axis& rows, const Axis& columns, bool dilations = true) {
    n.set("kernel_shape", list({rows.window, columns.window}))
        .set("strides", list({rows.stride, columns.stride}));
    return dilations ? n.set("dilations", list({rows.dilation, columns.dilation})) : n;
  }
  /// Before and after, as much as the last window takes: what lies beyond no window sees.
  static std::vector<std::int64_t> pads(const Axis& rows, const Axis& columns) {
    const auto after = [](const Axis& a) {
      return std::max<Index>(0, a.at(a.output - 1, a.window - 1) + 1 - a.input);
    };
    return list({rows.pad, columns.pad, after(rows), after(columns)});
  }

  Place place_;
};

}  // namespace figment::io::detail
