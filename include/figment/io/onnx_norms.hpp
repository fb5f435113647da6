// The normalisations of groups and rows, and learned slopes, as ONNX operations.
#pragma once

#include "figment/io/onnx_graph.hpp"
#include "figment/nn/group_norm.hpp"
#include "figment/nn/prelu.hpp"
#include "figment/nn/rms_norm.hpp"

namespace figment::io::detail {

template <class T>
class OnnxLayers;

// What a layer makes of x. OnnxLayers finds these by the types of its layers.

/// x by gamma plus beta, (C,) each or undefined, channels first.
template <class T>
OnnxGraph::Id scaled_and_shifted(OnnxLayers<T>& to, const Tensor<T>& gamma, const Tensor<T>& beta,
                                 OnnxGraph::Id x) {
  const auto beside = [&](const Tensor<T>& p) {
    Shape shape{p.size()};
    for (Index i = 2; i < to.graph.rank(x); ++i) shape.push_back(1);
    return p.view_as(shape);
  };
  const auto apply = [&](const char* type, const char* name, const Tensor<T>& p) {
    if (p.defined())
      x = to.graph.add_first(to.op({type, {to.graph.first(x), to.constant(name, beside(p))}}),
                             to.graph.rank(x));
  };
  apply("Mul", "gamma", gamma);
  apply("Add", "beta", beta);
  return x;
}

/// By instance normalisation of the groups as channels: ONNX has an operation only from opset 18 on.
template <class T>
OnnxGraph::Id write_onnx(OnnxLayers<T>& to, const GroupNorm<T>& l, OnnxGraph::Id x) {
  const Shape& input = to.place().input;
  std::vector<std::int64_t> back{0, l.channels};
  for (Index i = 1; i + 1 < input.rank(); ++i) back.push_back(input[i]);
  const std::vector<std::int64_t> grouped{0, l.groups, -1};
  const std::string groups = to.op({"Reshape", {to.graph.first(x), to.constant("groups", grouped)}});
  OnnxNode norm{"InstanceNormalization",
                {groups, to.float_constant("one", Tensor<T>::ones({l.groups})),
                 to.float_constant("zero", Tensor<T>::zeros({l.groups}))}};
  norm.set("epsilon", l.epsilon);
  const std::string y = to.op({"Reshape", {to.float_op(std::move(norm)), to.constant("shape", back)}});
  return scaled_and_shifted(to, l.gamma, l.beta, to.graph.add_first(y, input.rank()));
}
template <class T>
OnnxGraph::Id write_onnx(OnnxLayers<T>& to, const InstanceNorm<T>& l, OnnxGraph::Id x) {
  const bool affine = l.gamma.defined();
  OnnxNode norm{
      "InstanceNormalization",
      {to.graph.first(x), to.float_constant("gamma", affine ? l.gamma : Tensor<T>::ones({l.channels})),
       to.float_constant("beta", affine ? l.beta : Tensor<T>::zeros({l.channels}))}};
  norm.set("epsilon", l.epsilon);
  return to.graph.add_first(to.float_op(std::move(norm)), to.graph.rank(x));
}
template <class T>
OnnxGraph::Id write_onnx(OnnxLayers<T>& to, const RmsNorm<T>& l, OnnxGraph::Id x) {
  const std::string in = to.graph.last(x), squares = to.op({"Mul", {in, in}});
  OnnxNode mean{"ReduceMean", {squares}};
  mean.set("axes", std::vector<std::int64_t>{-1}).set("keepdims", Index{1});
  const std::string kept = to.op({"Add", {to.op(std::move(mean)), to.scalar("epsilon", l.epsilon)}});
  std::string y = to.op({"Div", {in, to.op({"Sqrt", {kept}})}});
  if (l.gamma.defined()) y = to.op({"Mul", {y, to.constant("gamma", l.gamma)}});
  return to.graph.add_last(y, to.graph.rank(x));
}
template <class T>
OnnxGraph::Id write_onnx(OnnxLayers<T>& to, const PRelu<T>& l, OnnxGraph::Id x) {
  OnnxNode n{"PRelu", {to.graph.last(x), to.float_constant("slope", l.slope)}};
  return to.graph.add_last(to.float_op(std::move(n)), to.graph.rank(x));
}

}  // namespace figment::io::detail
