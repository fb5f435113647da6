// Layers of images, sequences and positions as ONNX operations, but for the convolutions of images.
#pragma once

#include <algorithm>

#include "figment/io/onnx_graph.hpp"
#include "figment/nn/conv1d.hpp"
#include "figment/nn/embedding.hpp"
#include "figment/nn/pixel_shuffle.hpp"
#include "figment/nn/pool.hpp"
#include "figment/nn/reflection_pad.hpp"
#include "figment/nn/weight_norm.hpp"

namespace figment::io::detail {

template <class T>
class OnnxLayers;

// What a layer makes of x. OnnxLayers finds these by the types of its layers.

template <class T>
OnnxGraph::Id write_onnx(OnnxLayers<T>& to, const Conv1d<T>& l, OnnxGraph::Id x) {
  const Shape &in = to.place().input, &w = l.weight.shape();
  const auto g = figment::detail::conv_geometry("export_onnx", {in[0], 1, in[1], in[2]},
                                                {1, w[0], w[1], w[2]}, l.options);
  const auto& a = g.columns;
  OnnxNode n{"Conv", {to.graph.first(x), to.float_constant("weight", permute(l.weight, {2, 1, 0}))}};
  if (l.bias.defined()) n.inputs.push_back(to.float_constant("bias", l.bias));
  using List = std::vector<std::int64_t>;
  n.set("kernel_shape", List{a.window}).set("strides", List{a.stride}).set("dilations", List{a.dilation});
  n.set("pads", List{a.pad, std::max<Index>(0, a.at(a.output - 1, a.window - 1) + 1 - a.input)});
  n.set("group", g.groups);
  return to.activation(l.activation, l.slope, to.graph.add_first(to.float_op(std::move(n)), 3));
}

template <class T>
OnnxGraph::Id write_onnx(OnnxLayers<T>& to, const Embedding<T>& l, OnnxGraph::Id x) {
  return to.graph.add_last(to.op({"Gather", {to.constant("table", l.table), to.graph.last(x)}}),
                           to.graph.rank(x) + 1);
}

template <class T>
OnnxGraph::Id write_onnx(OnnxLayers<T>& to, const PixelShuffle& l, OnnxGraph::Id x) {
  OnnxNode n{"DepthToSpace", {to.graph.first(x)}};
  n.set("blocksize", l.factor).set("mode", std::string_view("CRD"));
  return to.graph.add_first(to.op(std::move(n)), 4);
}
/// SpaceToDepth has the channels in another order.
template <class T>
OnnxGraph::Id write_onnx(OnnxLayers<T>& to, const PixelUnshuffle& l, OnnxGraph::Id x) {
  const Shape& in = to.place().input;
  const Index r = l.factor, h = in[1] / r, w = in[2] / r, c = in[3];
  using List = std::vector<std::int64_t>;
  OnnxNode order{"Transpose",
                 {to.op({"Reshape", {to.graph.first(x), to.constant("squares", List{0, c, h, r, w, r})}})}};
  order.set("perm", List{0, 1, 3, 5, 2, 4});
  const std::string y =
      to.op({"Reshape", {to.op(std::move(order)), to.constant("shape", List{0, c * r * r, h, w})}});
  return to.graph.add_first(y, 4);
}

template <class T>
OnnxGraph::Id write_onnx(OnnxLayers<T>& to, const ReflectionPad2d& l, OnnxGraph::Id x) {
  const Padding& p = l.padding;
  const std::vector<std::int64_t> pads{0, 0, p.top, p.left, 0, 0, p.bottom, p.right};
  OnnxNode n{"Pad", {to.graph.first(x), to.constant("pads", pads)}};
  n.set("mode", std::string_view("reflect"));
  return to.graph.add_first(to.op(std::move(n)), 4);
}

template <class T>
OnnxGraph::Id global_pool(OnnxLayers<T>& to, const char* type, OnnxGraph::Id x) {
  OnnxNode flat{"Flatten", {to.float_op({type, {to.graph.first(x)}})}};
  flat.set("axis", Index{1});
  return to.graph.add_last(to.op(std::move(flat)), 2);
}
template <class T>
OnnxGraph::Id write_onnx(OnnxLayers<T>& to, const GlobalMaxPool2d&, OnnxGraph::Id x) {
  return global_pool(to, "GlobalMaxPool", x);
}
template <class T>
OnnxGraph::Id write_onnx(OnnxLayers<T>& to, const GlobalAvgPool2d&, OnnxGraph::Id x) {
  return global_pool(to, "GlobalAveragePool", x);
}
/// Where all windows are of one size.
template <class T>
OnnxGraph::Id adaptive_pool(OnnxLayers<T>& to, const char* type, Extent2 size, OnnxGraph::Id x) {
  const Shape& in = to.place().input;
  ensure(in[1] % size.height == 0 && in[2] % size.width == 0,
         "export_onnx: {}: ONNX has no adaptive pooling of {} whose windows differ", to.where(), in);
  const std::vector<std::int64_t> window{in[1] / size.height, in[2] / size.width};
  OnnxNode n{type, {to.graph.first(x)}};
  n.set("kernel_shape", window).set("strides", window);
  return to.graph.add_first(to.float_op(std::move(n)), 4);
}
template <class T>
OnnxGraph::Id write_onnx(OnnxLayers<T>& to, const AdaptiveMaxPool2d& l, OnnxGraph::Id x) {
  return adaptive_pool(to, "MaxPool", l.size, x);
}
template <class T>
OnnxGraph::Id write_onnx(OnnxLayers<T>& to, const AdaptiveAvgPool2d& l, OnnxGraph::Id x) {
  return adaptive_pool(to, "AveragePool", l.size, x);
}

}  // namespace figment::io::detail
