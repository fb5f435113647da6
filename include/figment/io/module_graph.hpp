// What a module computes, layer by layer, for those who draw or export it.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "figment/nn/trace.hpp"

namespace figment::io::detail {

inline constexpr Index input_node = -1;
inline constexpr Index unknown_node = -2;  ///< computed by no layer

/// A layer that a forward pass went through.
struct GraphNode {
  std::string path;
  figment::detail::KeptLayer layer;
  Shape input, output;
  Index from;  ///< the node whose output it takes; input_node, or unknown_node
  bool leaf;   ///< false: it has layers inside, and computes more than they do
  /// All nodes whose outputs operations between the layers made its input of; -1 - k is the model's input k.
  std::vector<Index> sources = {};
  bool known = true;  ///< its input was made of nothing else
};

struct ModuleGraph {
  Shape input;  ///< with a batch of 1; the first one
  std::vector<GraphNode> nodes;
  std::vector<std::pair<std::string, Index>> outputs;      ///< named "output", or as a distribution's members
  std::vector<std::pair<std::string, Shape>> inputs = {};  ///< all of them
};

/// Makes the graph of a pass of a module that has these tensors.
class GraphOfPass {
 public:
  GraphOfPass(figment::detail::TracedPass&& pass, const figment::detail::NamedMemories& module)
      : module_(module) {
    for (Node& n : pass.nodes)
      origins_.push_back(n.kind == Node::Kind::input ? input(n)
                         : n.kind == Node::Kind::op  ? of(n.inputs, false)
                                                     : layer(n));
    for (const auto& [name, value] : pass.outputs) graph.outputs.emplace_back(name, only(of({value}, true)));
    graph.input = graph.inputs[0].second;
  }

  ModuleGraph graph;

 private:
  using Node = figment::detail::TraceNode;
  using Values = std::vector<figment::detail::TracedValue>;
  /// What a value was made of.
  struct Origin {
    std::vector<Index> nodes;
    bool known = true, own = true;  // nothing else; it is that node's own output
  };

  Origin input(const Node& n) {
    graph.inputs.emplace_back(n.path, n.outputs[0].shape);
    return {{-static_cast<Index>(graph.inputs.size())}};
  }
  Origin layer(Node& n) {
    const Origin takes = of(n.inputs, true), made = of(n.outputs, true);
    if (!n.leaf && n.passes_on) return made;
    const auto index = static_cast<Index>(graph.nodes.size());
    const Origin& from = n.leaf ? takes : made;
    graph.nodes.push_back({std::move(n.path), std::move(n.layer), n.inputs[0].shape,
                           n.outputs.empty() ? Shape{} : n.outputs[0].shape, only(takes), n.leaf, from.nodes,
                           from.known});
    // What an operation inside has made last is the layer's.
    for (const auto& y : n.outputs)
      if (!n.leaf && y.from >= 0 && y.from < static_cast<Index>(origins_.size()))
        origins_[static_cast<std::size_t>(y.from)] = {{index}};
    return {{index}};
  }

  Origin of(const Values& values, bool own) const {
    Origin all{{}, true, own && values.size() == 1};
    for (const auto& v : values) {
      const bool made = v.from >= 0 && v.from < static_cast<Index>(origins_.size());
      if (!made) {
        all.own = false;
        if (v.from < 0 && !constant(v)) all.known = false;
        continue;
      }
      const Origin& one = origins_[static_cast<std::size_t>(v.from)];
      all.known = all.known && one.known;
      all.own = all.own && one.own;
      for (const Index n : one.nodes)
        if (std::find(all.nodes.begin(), all.nodes.end(), n) == all.nodes.end()) all.nodes.push_back(n);
    }
    return all;
  }
  Index only(const Origin& o) const {
    return !o.own || o.nodes.size() != 1 ? unknown_node : o.nodes[0] < 0 ? input_node : o.nodes[0];
  }
  bool constant(const figment::detail::TracedValue& v) const {
    for (const auto& t : module_)
      if (t.memory == v.memory->data()) return true;
    return false;
  }

  const figment::detail::NamedMemories& module_;
  std::vector<Origin> origins_;  // by each of the pass's nodes
};

/// Of a forward pass of a batch of one of zeros, the inputs being without the batch.
template <class M>
ModuleGraph module_graph(const M& module, const SampleInputs& inputs) {
  const auto tensors = figment::detail::description_of(module).tensors();
  return std::move(GraphOfPass(figment::detail::traced_pass(module, inputs), tensors).graph);
}
template <class M>
ModuleGraph module_graph(const M& module, const Shape& sample) {
  return module_graph(module, SampleInputs{{{"input", sample}}});
}

}  // namespace figment::io::detail
