// A model's layers for a picture: the parts they stand in, how many parameters each has, and what feeds it.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "figment/io/module_graph.hpp"
#include "figment/nn/summary.hpp"

namespace figment::io::detail {

/// A model's layers in the order they ran, and around them its parts (an encoder, a Sequential in another).
struct LayerGraph {
  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  struct Layer {
    std::string path, text;
    Shape output;
    Index parameters = 0;
    std::size_t part = none;               // the innermost around it
    std::vector<std::size_t> from = {};    // layers
    std::vector<std::size_t> inputs = {};  // of the model's
  };
  struct Part {
    std::string path, text;
    std::size_t begin, end;  // its layers
    std::size_t part = none;
  };

  std::vector<std::pair<std::string, Shape>> inputs;  // with the batch
  std::vector<Layer> layers;
  std::vector<Part> parts;  // inner ones before those around them
  ParameterCount count;

  /// "encoder: GaussianEncoder".
  std::string title(std::size_t part) const {
    const Part& p = parts[part];
    return name(p.path, p.part) + (p.text.empty() ? "" : ": " + p.text);
  }
  std::string input_text(std::size_t i) const {
    const bool alone = inputs.size() == 1 && inputs[i].first == "input";
    return (alone ? "input " : inputs[i].first + " ") + figment::detail::batch_text(inputs[i].second);
  }
  /// The path of what is in `part` as that part names it.
  std::string name(const std::string& path, std::size_t part) const {
    return part == none ? path : path.substr(parts[part].path.size() + 1);
  }

  /// Of the rows of trace(), which has a part after the layers in it.
  void add_parts(const std::vector<TraceRow>& rows) {
    add_unreported_parts(rows);
    std::size_t seen = 0;
    for (const TraceRow& row : rows) {
      if (!row.leaf && row.path.empty()) continue;  // all of it
      if (row.leaf) {
        ++seen;
        continue;
      }
      std::size_t begin = seen;
      while (begin > 0 && layers[begin - 1].path.starts_with(row.path + ".")) --begin;
      for (std::size_t i = begin; i < seen; ++i)
        if (layers[i].part == none) layers[i].part = parts.size();
      for (Part& inner : parts)
        if (inner.begin >= begin && inner.end <= seen && inner.part == none) inner.part = parts.size();
      parts.push_back({row.path, row.layer, begin, seen});
    }
  }

  /// The graph knows which layers made a layer's input. What a part has left goes with what is taken of it, a
  /// VAE's log-variance with the mean; and what cannot be followed is drawn as of all that nobody has taken.
  void connect(const ModuleGraph& graph) {
    std::vector<std::vector<std::size_t>> made(graph.nodes.size()), given(graph.nodes.size());
    std::vector<bool> taken(layers.size());
    std::size_t i = 0;
    for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
      const GraphNode& node = graph.nodes[n];
      std::vector<std::size_t> from, inputs_of;
      const auto add = [](auto& list, std::size_t v) {
        if (std::find(list.begin(), list.end(), v) == list.end()) list.push_back(v);
      };
      for (const Index s : node.sources) {
        if (s < 0) {
          add(inputs_of, static_cast<std::size_t>(-1 - s));
          continue;
        }
        for (const std::size_t k : made[static_cast<std::size_t>(s)]) add(from, k);
        for (const std::size_t k : given[static_cast<std::size_t>(s)]) add(inputs_of, k);
      }
      if (!node.leaf) {  // is no box: it is seen as what it is made of
        made[n] = from, given[n] = inputs_of;
        continue;
      }
      const bool lost = from.empty() && inputs_of.empty() && !node.known;
      for (std::size_t k = 0; k < i; ++k) {
        bool beside = false;
        for (const std::size_t source : from) {
          const std::size_t left = outermost_before(source, i);
          beside = beside || (left != none && k >= parts[left].begin && k < parts[left].end);
        }
        if (!taken[k] && (beside || lost)) add(from, k);
      }
      std::sort(from.begin(), from.end());
      for (const std::size_t k : from) taken[k] = true;
      if (from.empty() && inputs_of.empty()) inputs_of.push_back(0);
      layers[i].from = from, layers[i].inputs = inputs_of;
      made[n] = {i++};
    }
  }

 private:
  /// Structs that call their layers without being called by a name: only the layers' paths tell of them.
  void add_unreported_parts(const std::vector<TraceRow>& rows) {
    std::vector<std::string> found;  // innermost first
    for (const Layer& layer : layers) {
      std::size_t known = 0;
      for (const TraceRow& row : rows)
        if (!row.leaf && layer.path.starts_with(row.path + "."))
          known = (std::max)(known, row.path.size() + 1);
      for (std::size_t dot = layer.path.rfind('.'); dot != layer.path.npos && dot > known;
           dot = layer.path.rfind('.', dot - 1))
        if (std::string path = layer.path.substr(0, dot);
            std::find(found.begin(), found.end(), path) == found.end())
          found.push_back(std::move(path));
    }
    std::stable_sort(found.begin(), found.end(), [](auto& a, auto& b) { return a.size() > b.size(); });
    for (const std::string& path : found) {
      const auto in = [&](std::size_t i) { return layers[i].path.starts_with(path + "."); };
      for (std::size_t begin = 0, end = 0; begin < layers.size(); begin = end + 1) {
        for (end = begin; end < layers.size() && in(end);) ++end;
        if (end == begin) continue;
        for (std::size_t i = begin; i < end; ++i)
          if (layers[i].part == none) layers[i].part = parts.size();
        for (Part& inner : parts)
          if (inner.begin >= begin && inner.end <= end && inner.part == none) inner.part = parts.size();
        parts.push_back({path, "", begin, end});
      }
    }
  }
  /// The outermost part that has layer k and ends before layer i.
  std::size_t outermost_before(std::size_t k, std::size_t i) const {
    std::size_t found = none;
    for (std::size_t p = 0; p < parts.size(); ++p)
      if (parts[p].begin <= k && k < parts[p].end && parts[p].end <= i) found = p;
    return found;
  }
};

/// Of a forward pass of such inputs, the batch dimension left out.
template <class M>
LayerGraph layer_graph(M& module, const SampleInputs& inputs) {
  const ModuleGraph graph = module_graph(module, inputs);
  LayerGraph out;
  out.inputs = graph.inputs;
  const std::vector<TraceRow> rows = trace(module, inputs);
  for (const TraceRow& row : rows)
    if (row.leaf) out.layers.push_back({row.path, row.layer, row.output, row.parameters});
  out.add_parts(rows);
  out.connect(graph);
  out.count = count_parameters(module);
  return out;
}
template <class M>
LayerGraph layer_graph(M& module, const Shape& sample) {
  return layer_graph(module, SampleInputs{{{"input", sample}}});
}

}  // namespace figment::io::detail
