// Networks as ONNX models, for programs in other languages and other machines' runtimes (onnx.ai).
#pragma once

#include <numbers>

#include "figment/io/module_graph.hpp"
#include "figment/io/onnx_graph.hpp"
#include "figment/nn/activation.hpp"
#include "figment/nn/batch_norm.hpp"
#include "figment/nn/conv_transpose2d.hpp"
#include "figment/nn/dropout.hpp"
#include "figment/nn/gaussian_noise.hpp"
#include "figment/nn/label_embedding.hpp"
#include "figment/nn/layer_norm.hpp"
#include "figment/nn/linear.hpp"
#include "figment/nn/penalty.hpp"
#include "figment/nn/pool.hpp"
#include "figment/nn/reshape.hpp"
#include "figment/nn/spectral_norm.hpp"
#include "figment/nn/upsample.hpp"

namespace figment::io {

/// Of export_onnx.
struct OnnxOptions {
  std::string name = "figment";  ///< of the graph
  /// What follows the last layer, as a decoder's logits become pixels by the sigmoid.
  Activation output = Activation::none;
  double slope = 0.3;  ///< of leaky_relu
};

namespace detail {

/// Writes layers as ONNX operations: a function for each, from the value it takes to the one it makes.
template <class T>
class OnnxExporter {
 public:
  using Id = typename OnnxGraph<T>::Id;

  explicit OnnxExporter(const ModuleGraph& module) : graph(module.input) {
    for (const GraphNode& n : module.nodes) {
      node_ = &n;
      ensure(n.leaf, "export_onnx: {}: computes more than its layers do, for which there is no export",
             where());
      ensure(n.from != unknown_node, "export_onnx: {}: its input is not the output of a layer", where());
      made_.push_back(layer(n.layer, value(n.from)));
    }
  }

  Id value(Index node) const { return node == input_node ? 0 : made_[static_cast<std::size_t>(node)]; }
  Id activation(Activation a, double slope, Id x) {
    if (a == Activation::relu) return each(x, {"Relu"});
    if (a == Activation::leaky_relu) return each(x, OnnxNode{"LeakyRelu"}.set("alpha", slope));
    if (a == Activation::sigmoid) return each(x, {"Sigmoid"});
    if (a == Activation::tanh) return each(x, {"Tanh"});
    return x;
  }
  /// What comes is not of a layer but of the module.
  void leave_layers() { node_ = &outside_; }

  OnnxGraph<T> graph;

 private:
  using Layer = figment::detail::Description;

  std::string where() const { return node_->path + (node_->path.empty() ? "" : " ") + node_->layer(); }

  Id layer(const Layer& l, Id x) {
    Id y = x;
    const bool known =
        any_of<Linear<T>, Conv2d<T>, ConvTranspose2d<T>, BatchNorm<T>, LayerNorm<T>, LabelEmbedding<T>, Relu,
               LeakyRelu, Elu, Gelu, Silu, Softplus, Sigmoid, Tanh, Softmax, Flatten, Reshape, MaxPool2d,
               AvgPool2d, UpSample2d, Dropout, GaussianNoise, ActivityPenalty>(l, x, y) ||
        any_of<SpectralNorm<Linear<T>>, SpectralNorm<Conv2d<T>>, SpectralNorm<ConvTranspose2d<T>>,
               WeightPenalty<Linear<T>>, WeightPenalty<Conv2d<T>>, WeightPenalty<ConvTranspose2d<T>>>(l, x,
                                                                                                      y);
    ensure(known, "export_onnx: {}: there is no export for a layer of this type", where());
    return y;
  }
  template <class... Ls>
  bool any_of(const Layer& l, Id x, Id& y) {
    return ([&] {
      const Ls* typed = l.as<Ls>();
      if (typed) y = write(*typed, x);
      return typed != nullptr;
    }() || ...);
  }

  // The operations' outputs, and the layers' constants by their tensors' names.
  std::string op(OnnxNode n) { return graph.node(node_->path, std::move(n)); }
  Id each(Id x, OnnxNode n) {
    n.inputs.insert(n.inputs.begin(), graph.any(x));
    return graph.add_like(op(std::move(n)), x);
  }
  template <class C>
  std::string constant(std::string_view name, const C& values) {
    return graph.constant(node_->path + (node_->path.empty() ? "" : ".") + std::string(name), values);
  }
  std::string scalar(std::string_view name, double v) {
    return constant(name, Tensor<T>::scalar(static_cast<T>(v)));
  }

  Id write(const Linear<T>& l, Id x) {
    const bool matrix = graph.rank(x) == 2;  // Gemm takes no other
    OnnxNode n{matrix ? "Gemm" : "MatMul", {graph.last(x), constant("weight", l.weight)}};
    if (matrix && l.bias.defined()) n.inputs.push_back(constant("bias", l.bias));
    Id y = graph.add_last(op(std::move(n)), graph.rank(x));
    if (!matrix && l.bias.defined()) y = each(y, {"Add", {constant("bias", l.bias)}});
    return activation(l.activation, l.slope, y);
  }

  Id write(const Conv2d<T>& l, Id x) {
    const auto g = figment::detail::conv_geometry("export_onnx", node_->input, l.weight.shape(), l.options);
    OnnxNode n{"Conv", {graph.first(x), constant("weight", permute(l.weight, {3, 2, 0, 1}))}};
    window(n, g.rows, g.columns).set("pads", pads(g.rows, g.columns)).set("group", g.groups);
    return convolved(l, std::move(n));
  }
  Id write(const ConvTranspose2d<T>& l, Id x) {
    // The convolution that this is the adjoint of.
    const auto g = figment::detail::conv_geometry("export_onnx", node_->output, l.weight.shape(), l.options);
    // How much smaller the output is than what all taps reach, and as much at the end as not at the begin; or
    // larger by the output padding.
    const auto end = [](const figment::detail::ConvAxis& a) {
      return (a.output - 1) * a.stride + (a.window - 1) * a.dilation + 1 - a.pad - a.input;
    };
    const Index bottom = end(g.rows), right = end(g.columns);
    OnnxNode n{"ConvTranspose", {graph.first(x), constant("weight", permute(l.weight, {3, 2, 0, 1}))}};
    window(n, g.rows, g.columns)
        .set("pads", list({g.rows.pad, g.columns.pad, std::max<Index>(bottom, 0), std::max<Index>(right, 0)}))
        .set("output_padding", list({std::max<Index>(-bottom, 0), std::max<Index>(-right, 0)}))
        .set("group", g.groups);
    return convolved(l, std::move(n));
  }
  Id convolved(const auto& l, OnnxNode n) {
    if (l.bias.defined()) n.inputs.push_back(constant("bias", l.bias));
    return activation(l.activation, l.slope, graph.add_first(op(std::move(n)), 4));
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
    const Index others = node_->input[1] - l.table.dim(0);
    const auto columns = [&](std::string_view name, Index begin, Index end) {
      const std::string text(name);
      return op({"Slice",
                 {graph.last(x), constant(text + "_begin", list({begin})),
                  constant(text + "_end", list({end})), constant(text + "_axis", list({1}))}});
    };
    const std::string rest = columns("rest", 0, others), one_hot = columns("label", others, node_->input[1]);
    const std::string label = op({"MatMul", {one_hot, constant("table", l.table)}});
    if (l.mode == LabelMode::multiply) return graph.add_last(op({"Mul", {rest, label}}), 2);
    return graph.add_last(op(std::move(OnnxNode{"Concat", {rest, label}}.set("axis", Index{1}))), 2);
  }

  Id write(const Relu&, Id x) { return each(x, {"Relu"}); }
  Id write(const LeakyRelu& l, Id x) { return activation(Activation::leaky_relu, l.slope, x); }
  Id write(const Elu& l, Id x) { return each(x, OnnxNode{"Elu"}.set("alpha", l.alpha)); }
  Id write(const Gelu&, Id x) {  // an operation of its own only from opset 20 on
    const Id root = each(x, {"Mul", {scalar("sqrt_half", std::numbers::sqrt2 / 2)}});
    const Id below = each(each(root, {"Erf"}), {"Add", {scalar("one", 1)}});
    return each(each(x, {"Mul", {graph.any(below)}}), {"Mul", {scalar("half", 0.5)}});
  }
  Id write(const Silu&, Id x) { return each(x, {"Mul", {graph.any(each(x, {"Sigmoid"}))}}); }
  Id write(const Softplus&, Id x) { return each(x, {"Softplus"}); }
  Id write(const Sigmoid&, Id x) { return each(x, {"Sigmoid"}); }
  Id write(const Tanh&, Id x) { return each(x, {"Tanh"}); }
  Id write(const Softmax&, Id x) {
    return graph.add_last(op(std::move(OnnxNode{"Softmax", {graph.last(x)}}.set("axis", Index{-1}))),
                          graph.rank(x));
  }

  Id write(const Flatten&, Id x) {
    return graph.add_last(op(std::move(OnnxNode{"Flatten", {graph.last(x)}}.set("axis", Index{1}))), 2);
  }
  Id write(const Reshape& l, Id x) {
    std::vector<std::int64_t> shape{0};  // the batch as it is
    shape.insert(shape.end(), l.shape.begin(), l.shape.end());
    return graph.add_last(op({"Reshape", {graph.last(x), constant("shape", shape)}}), l.shape.rank() + 1);
  }

  Id write(const MaxPool2d& l, Id x) { return pool("MaxPool", l.options, x); }
  Id write(const AvgPool2d& l, Id x) {
    ensure(l.options.dilation == Extent2(1), "export_onnx: {}: ONNX's AveragePool has no dilation", where());
    return pool("AveragePool", l.options, x);  // which does not count the padding either
  }
  Id pool(const char* type, const PoolOptions& options, Id x) {
    const auto axes = figment::detail::pool_axes("export_onnx", node_->input, options);
    OnnxNode n{type, {graph.first(x)}};
    window(n, axes.rows, axes.columns, !(options.dilation == Extent2(1)))
        .set("pads", pads(axes.rows, axes.columns));
    return graph.add_first(op(std::move(n)), 4);
  }
  Id write(const UpSample2d& l, Id x) {
    const auto scale = [](Index factor) { return static_cast<float>(factor); };
    const bool nearest = l.mode == Interpolation::nearest;
    OnnxNode n{"Resize",
               {graph.first(x), "",  // no region
                graph.constant(node_->path + ".scales",
                               Tensor<float>({4}, {1, 1, scale(l.factor.height), scale(l.factor.width)}))}};
    n.set("mode", nearest ? "nearest" : "linear")
        .set("coordinate_transformation_mode", nearest ? "asymmetric" : "half_pixel");
    if (nearest) n.set("nearest_mode", "floor");
    return graph.add_first(op(std::move(n)), 4);
  }

  // Nothing when the network is not trained.
  Id write(const Dropout&, Id x) { return x; }
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

  const GraphNode* node_ = nullptr;
  const GraphNode outside_{};
  std::vector<Id> made_;  // by each node
};

}  // namespace detail

/// Writes what a module computes when it is not trained as an ONNX model of opset 17 (ONNX 1.12), which any
/// later runtime takes: a network of the library's layers, Sequential or a struct of its own that calls them,
/// one in another too. `sample` is the input's shape without the batch, whose size stays open ("N"). The
/// model takes "input" and gives "output", or "mean" and "log_var" of a GaussianEncoder, with images channels
/// last as here. Throws, naming the layer, where a layer is of a type that has no export, or where something
/// is computed outside of the layers; nothing is written then.
///
///   io::export_onnx("decoder.onnx", vae.decoder, {2}, {.output = Activation::sigmoid});
template <class M>
void export_onnx(const std::filesystem::path& path, const M& module, const Shape& sample,
                 const OnnxOptions& options = {}) {
  const NoGrad guard;
  const detail::ModuleGraph found = detail::module_graph(module, sample);
  detail::OnnxExporter<module_value_t<M>> exporter(found);
  exporter.leave_layers();
  for (const auto& [name, node] : found.outputs) {
    ensure(node != detail::unknown_node, "export_onnx: the {} is not that of a layer", name);
    const Shape& shape =
        node == detail::input_node ? found.input : found.nodes[static_cast<std::size_t>(node)].output;
    exporter.graph.output(name, exporter.activation(options.output, options.slope, exporter.value(node)),
                          shape);
  }
  const std::string bytes = exporter.graph.bytes(options.name);
  ensure(bytes.size() < std::size_t{1} << 31,
         "export_onnx: {}: the model takes {} bytes, ONNX files less than 2 GiB", path.string(),
         bytes.size());
  write_file(path, bytes);
}

}  // namespace figment::io
