// What a module computes, layer by layer, for those who draw or export it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "figment/nn/layer.hpp"

namespace figment::io::detail {

/// A layer that a forward pass went through; it stays in the module.
struct GraphNode {
  std::string path;
  figment::detail::Description layer;
  Shape input, output;
  Index from;  ///< the node whose output it takes; input_node, or unknown_node
  bool leaf;   ///< false: it has layers inside, and computes more than they do
};
inline constexpr Index input_node = -1;
inline constexpr Index unknown_node = -2;  ///< computed by no layer

struct ModuleGraph {
  Shape input;  ///< with a batch of 1
  std::vector<GraphNode> nodes;
  std::vector<std::pair<std::string, Index>> outputs;  ///< named "output", or as a distribution's members
};

/// Knows each layer's input again by its memory, which it keeps: memory that is freed is soon another
/// tensor's.
class ValueTracer final : public figment::detail::Tracer {
 public:
  void enter(std::string_view name) override {
    open_.push_back({path_.size(), nodes.size()});
    if (!path_.empty()) path_ += '.';
    path_ += name;
  }
  void row(const figment::detail::Description& layer, const figment::detail::Passing& input,
           const figment::detail::Passing& output) override {
    const bool leaf = nodes.size() == open_.back().nodes;
    if (!leaf && find(output) != unknown_node) return;  // only passes on what a layer inside has made
    nodes.push_back({path_, layer, input.shape, output.shape, find(input), leaf});
    add(output, static_cast<Index>(nodes.size()) - 1);
  }
  void leave() override {
    path_.resize(open_.back().path);
    open_.pop_back();
  }

  void add(const figment::detail::Passing& value, Index node) {
    values_.push_back({value.shape, value.memory, node});
  }
  /// The node that made a tensor. The last one: a view or what a layer only passes on has the same memory.
  Index find(const figment::detail::Passing& value) const {
    for (auto v = values_.rbegin(); v != values_.rend(); ++v)
      if (v->memory.get() == value.memory.get() && v->shape == value.shape) return v->node;
    return unknown_node;
  }

  std::vector<GraphNode> nodes;

 private:
  struct Open {
    std::size_t path, nodes;  // how long they were before
  };
  struct Value {
    Shape shape;
    figment::detail::Ref<figment::detail::Storage> memory;
    Index node;
  };
  std::string path_;
  std::vector<Open> open_;
  std::vector<Value> values_;
};

/// Runs a forward pass of a batch of one of zeros, `sample` being its shape without the batch.
template <class M>
ModuleGraph module_graph(const M& module, const Shape& sample) {
  using figment::detail::passing;
  ModuleGraph graph{.input = {1}, .nodes = {}, .outputs = {}};
  for (Index d : sample) graph.input.push_back(d);
  ValueTracer tracer;
  const figment::detail::TraceWith with(tracer);
  const NoGrad guard;
  Rng rng;
  const auto x = Tensor<module_value_t<M>>::zeros(graph.input);
  tracer.add(passing(x), input_node);
  tracer.enter("");  // a module that is a single layer is a node too
  const auto y = figment::detail::call_forward(module, x, Context{.rng = &rng});
  tracer.row(figment::detail::description_of(module), passing(x), passing(y));
  tracer.leave();
  if constexpr (requires { y.log_var; })
    graph.outputs = {{"mean", tracer.find(passing(y.mean))}, {"log_var", tracer.find(passing(y.log_var))}};
  else
    graph.outputs = {{"output", tracer.find(passing(y))}};
  graph.nodes = std::move(tracer.nodes);
  return graph;
}

}  // namespace figment::io::detail
