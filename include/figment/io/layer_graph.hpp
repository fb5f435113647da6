// A model's layers for a picture: the parts they stand in, how many parameters each has, and what feeds it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "figment/io/module_graph.hpp"

namespace figment::io::detail {

/// A model's layers in the order they ran, and around them its parts (an encoder, a Sequential in another).
struct LayerGraph {
  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  struct Layer {
    std::string path, text;
    Shape output;
    Index parameters = 0;
    std::size_t part = none;             // the innermost around it
    std::vector<std::size_t> from = {};  // layers; `none` is the model's input
  };
  struct Part {
    std::string path, text;
    std::size_t begin, end;  // its layers
    std::size_t part = none;
  };

  Shape input;  // with the batch
  std::vector<Layer> layers;
  std::vector<Part> parts;  // inner ones before those around them
  ParameterCount count;

  /// The path of what is in `part` as that part names it.
  std::string name(const std::string& path, std::size_t part) const {
    return part == none ? path : path.substr(parts[part].path.size() + 1);
  }

  /// Of the rows of trace(), which has a part after the layers in it.
  void add_parts(const std::vector<TraceRow>& rows) {
    std::size_t seen = 0;
    for (const TraceRow& row : rows) {
      if (row.leaf) {
        ++seen;
        continue;
      }
      std::size_t begin = seen;
      while (begin > 0 && layers[begin - 1].path.starts_with(row.path + ".")) --begin;
      for (std::size_t i = begin; i < seen; ++i)
        if (layers[i].part == none) layers[i].part = parts.size();
      for (Part& inner : parts)
        if (inner.begin >= begin && inner.part == none) inner.part = parts.size();
      parts.push_back({row.path, row.layer, begin, seen});
    }
  }

  /// The graph knows which layer made a layer's input. What an operation between layers made, as a
  /// concatenation, is drawn as of all that nobody has taken yet; and what a part has left goes with what is
  /// taken of it: a VAE's log-variance with the mean.
  void connect(const ModuleGraph& graph) {
    std::vector<std::size_t> layer_of(graph.nodes.size(), none);
    std::vector<bool> taken(layers.size());
    std::size_t i = 0;
    for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
      if (!graph.nodes[n].leaf) continue;
      layer_of[n] = i;
      const Index from = graph.nodes[n].from;
      const std::size_t made = from >= 0 ? layer_of[static_cast<std::size_t>(from)] : none;
      const std::size_t left = made == none ? none : outermost_before(made, i);
      for (std::size_t k = 0; k < i; ++k) {
        const bool beside = left != none && k >= parts[left].begin && k < parts[left].end;
        const bool rest = made == none && from != input_node;
        if (k == made || (!taken[k] && (beside || rest))) layers[i].from.push_back(k);
      }
      for (std::size_t k : layers[i].from) taken[k] = true;
      if (layers[i].from.empty()) layers[i].from.push_back(none);
      ++i;
    }
  }

 private:
  /// The outermost part that has layer k and ends before layer i.
  std::size_t outermost_before(std::size_t k, std::size_t i) const {
    std::size_t found = none;
    for (std::size_t p = 0; p < parts.size(); ++p)
      if (parts[p].begin <= k && k < parts[p].end && parts[p].end <= i) found = p;
    return found;
  }
};

/// Of a forward pass of an input of shape `sample`, the batch dimension left out.
template <class M>
LayerGraph layer_graph(M& module, const Shape& sample) {
  const ModuleGraph graph = module_graph(module, sample);
  LayerGraph out;
  out.input = graph.input;
  for (const GraphNode& node : graph.nodes)
    if (node.leaf) out.layers.push_back({node.path, node.layer(), node.output});
  out.add_parts(trace(module, graph.input));
  out.connect(graph);
  out.count = count_parameters(module);
  for_each_tensor(module, [&](const std::string& path, auto& t, bool) {
    for (auto& layer : out.layers)
      if (layer.path.empty() || path.starts_with(layer.path + ".")) layer.parameters += t.size();
  });
  return out;
}

}  // namespace figment::io::detail
