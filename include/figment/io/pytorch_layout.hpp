// A module's tensors as PyTorch has them: names, layouts, and which of its numbers is which.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "figment/io/pytorch_columns.hpp"

namespace figment::io {

/// How names and layouts become PyTorch's.
struct PytorchOptions {
  /// The shape of a sample, without the batch dimension. Needed where images are flattened before a dense
  /// layer, or made from its outputs: their columns are in another order in PyTorch, (C, H, W).
  Shape sample = {};
  /// Number a Sequential's layers as PyTorch's would be, where an activation is a layer of its own: of
  /// {Linear with relu, Linear} the second is then "2". Needs `sample`.
  bool count_activations = false;
  /// Called last, with PyTorch's name of a tensor ("encoder.0.weight"): the name in the file.
  std::function<std::string(const std::string&)> rename = {};
  /// What stands before all names in the file, as in "model.encoder.0.weight". An import leaves alone what
  /// does not begin so.
  std::string prefix = {};
  /// Of an import: throw when the model has tensors that the file lacks, or the file others. Otherwise the
  /// first stay as they were. Shapes must fit all the same.
  bool strict = true;
  /// By the path of a dense layer ("head.0"), the image (H, W, C) whose columns it takes, where the layers
  /// don't show it: a forward that flattens by itself, or a model that is not run, for want of `sample`. {}
  /// says that there is none.
  std::map<std::string, Shape> takes_image = {};
  /// The same of the image whose columns it makes.
  std::map<std::string, Shape> makes_image = {};
};

namespace detail {

/// What a module names in its visit, in that order.
template <class T>
struct ModuleParts final : Visitor<T> {
  struct Part {
    std::string path;
    Tensor<T> t;
    Layout layout;

    /// The path up to its last dot: the layer's.
    std::string layer() const {
      const auto dot = path.rfind('.');
      return dot == path.npos ? "" : path.substr(0, dot);
    }
  };
  std::vector<Part> tensors;
  std::string reorders;  ///< the first layer that makes columns of images, or the other way

  bool has(std::initializer_list<Layout> any) const {
    return std::any_of(tensors.begin(), tensors.end(), [&](const Part& p) {
      return std::find(any.begin(), any.end(), p.layout) != any.end();
    });
  }

 protected:
  void tensor(const std::string& path, Tensor<T>& t, bool) override {
    tensors.push_back({path, t, this->layout()});
  }
  void other(const figment::detail::VisitorPath& above, std::string_view name, const void* type,
             const void* member) override {
    using figment::detail::member_tag;
    const auto* reshape = type == &member_tag<Reshape> || type == &member_tag<const Reshape>
                              ? static_cast<const Reshape*>(member)
                              : nullptr;
    const bool unflattens = reshape && reshape->shape.rank() == 3 && reshape->shape[2] > 1 &&
                            reshape->shape[0] * reshape->shape[1] > 1;
    if (reorders.empty() &&
        (unflattens || type == &member_tag<Flatten> || type == &member_tag<const Flatten>))
      reorders = above.join(name) + (unflattens ? " " + reshape->describe() : " Flatten");
  }
};

/// The layers' paths with their numbers in PyTorch's Sequential.
inline std::map<std::string, std::string> torch_paths(const ModuleGraph& graph) {
  // Each part's layers and parts in order, and whether each has an activation of its own.
  std::map<std::string, std::vector<std::pair<std::string, bool>>> children;
  std::vector<std::string> paths;
  for (const GraphNode& node : graph.nodes) {
    if (!node.leaf) continue;
    const std::string text = node.layer();
    bool active = false;
    for (const char* a : {", relu)", ", leaky_relu)", ", sigmoid)", ", tanh)"})
      active = active || text.find(a) != text.npos;
    for (std::size_t at = 0, dot = 0; dot != node.path.npos; at = dot + 1) {
      dot = node.path.find('.', at);
      const std::string parent = at ? node.path.substr(0, at - 1) : "", path = node.path.substr(0, dot);
      auto& known = children[parent];
      if (std::find(paths.begin(), paths.end(), path) != paths.end()) continue;
      paths.push_back(path);
      known.emplace_back(path, active && dot == node.path.npos);
    }
  }
  std::map<std::string, std::string> torch{{"", ""}};
  for (const std::string& path : paths) {
    const auto dot = path.rfind('.');
    const std::string parent = dot == path.npos ? "" : path.substr(0, dot);
    std::string name = dot == path.npos ? path : path.substr(dot + 1);
    if (!name.empty() && name.size() < 10 && name.find_first_not_of("0123456789") == name.npos) {
      Index number = std::stoll(name);  // a layer that has no part in the pass counts too
      for (const auto& [sibling, active] : children[parent]) {
        if (sibling == path) break;
        number += active;
      }
      name = std::to_string(number);
    }
    torch[path] = torch[parent].empty() ? name : torch[parent] + "." + name;
  }
  return torch;
}

/// A tensor of a module as PyTorch has it: element i is ours at source[i].
struct TorchLayout {
  Shape shape;
  std::vector<Index> source;
};

inline TorchLayout torch_layout(const std::string& path, const Shape& ours, Layout layout,
                                const ColumnOrders::Orders& orders) {
  TorchLayout torch;
  torch.source.reserve(static_cast<std::size_t>(ours.size()));
  const auto put = [&](Index i) { torch.source.push_back(i); };
  const auto see = [&](const ImageColumns& c, const char* option) {
    ensure(!c.hidden,
           "pytorch: '{}' {}: which images its columns are of, if of any, is out of sight: say it by .{}",
           path, ours, option);
  };
  if (layout == Layout::dense) {  // (in, out) -> (out, in)
    see(orders.in, "takes_image"), see(orders.out, "makes_image");
    const Index in = ours[0], out = ours[1];
    torch.shape = {out, in};
    const auto rows = orders.in.order(in), columns = orders.out.order(out);
    for (Index c : columns)
      for (Index r : rows) put(r * out + c);
  } else if (layout == Layout::conv ||
             layout == Layout::conv_transpose) {  // (kh, kw, a, b) -> (b, a, kh, kw)
    const Index a = ours[-2], b = ours[-1];
    torch.shape = {b, a};
    for (Index i = 0; i + 2 < ours.rank(); ++i) torch.shape.push_back(ours[i]);
    const Index taps = torch.shape.size() / std::max<Index>(1, a * b);
    for (Index j = 0; j < b; ++j)
      for (Index i = 0; i < a; ++i)
        for (Index k = 0; k < taps; ++k) put((k * a + i) * b + j);
  } else {  // as it is, but for the order of an image's columns
    torch.shape = ours;
    const Index columns = ours.rank() ? ours[-1] : 1;
    const bool follows = ours.rank() == 1 || layout == Layout::table;
    if (follows) see(orders.out, orders.in.hidden ? "takes_image" : "makes_image");
    const auto order = (follows && columns >= orders.out.size() ? orders.out : ImageColumns{}).order(columns);
    for (Index row = 0; row < ours.size(); row += (std::max)(Index{1}, columns))
      for (Index c : order) put(row + c);
  }
  return torch;
}

/// A tensor and its names: `part` replaces the last word of PyTorch's where its value is computed from others
/// ("weight" by "parametrizations.weight.original").
template <class T>
struct TorchTensor {
  std::string path;        ///< ours
  std::string base, word;  ///< PyTorch's name, "encoder.0." and "weight"
  std::string name;        ///< in the file
  Tensor<T> ours;
  Layout role;
  TorchLayout layout;
  bool spectral = false;  ///< of a layer under SpectralNorm: its weight, or u

  Tensor<T> to_torch() const {
    Tensor<T> t(layout.shape);
    T* out = t.mutable_data();
    for (Index i : layout.source) *out++ = ours.data()[i];
    return t;
  }
  Tensor<T> from_torch(const Tensor<T>& t) const {
    Tensor<T> value(ours.shape());
    T* out = value.mutable_data();
    const T* in = t.data();
    for (Index i : layout.source) out[i] = *in++;
    return value;
  }
};

/// The name in the file of what PyTorch calls so.
inline std::string file_name(const std::string& torch, const PytorchOptions& options) {
  return options.prefix + (options.rename ? options.rename(torch) : torch);
}

inline constexpr const char* length_word = "parametrizations.weight.original0";
inline constexpr const char* direction_word = "parametrizations.weight.original1";
inline constexpr const char* original_word = "parametrizations.weight.original";
inline constexpr const char* u_word = "parametrizations.weight.0._u";
inline constexpr const char* v_word = "parametrizations.weight.0._v";

/// Throws where the columns' order can't be known for want of a sample.
template <class T>
void need_sample(const ModuleParts<T>& parts, const PytorchOptions& options) {
  if (!options.takes_image.empty() || !options.makes_image.empty()) return;
  const bool dense = parts.has({Layout::dense}), columns = dense || parts.has({Layout::scale, Layout::table});
  ensure(
      parts.reorders.empty() || !columns,
      "pytorch: {}: PyTorch has the columns of images in another order: give .sample, the shape of a sample",
      parts.reorders);
  ensure(
      !dense || !parts.has({Layout::conv, Layout::conv_transpose}),
      "pytorch: of convolutions beside dense layers PyTorch may have columns in another order: give .sample, "
      "the shape of a sample, or .takes_image and .makes_image");
}

/// What PyTorch calls a tensor in its layer.
inline std::string torch_word(const std::string& ours, Layout layout, bool spectral, bool direction) {
  if (direction) return direction_word;
  switch (layout) {
    case Layout::length:
      return length_word;
    case Layout::scale:
    case Layout::table:
      return "weight";
    case Layout::shift:
      return "bias";
    case Layout::singular:
      return u_word;
    default:
      return spectral ? original_word : ours;
  }
}

/// Of a module that consists of these parts and was run or not.
template <class T>
std::vector<TorchTensor<T>> torch_tensors(const ModuleParts<T>& parts, const ModuleGraph& graph,
                                          const PytorchOptions& options) {
  std::map<std::string, std::string> renumbered;
  if (options.count_activations) renumbered = torch_paths(graph);
  const bool run = options.sample.rank() > 0;
  const auto orders = run ? ColumnOrders(graph, options.takes_image, options.makes_image)
                          : ColumnOrders(options.takes_image, options.makes_image);

  std::set<std::string> layers, normed, lengths,
      convolutions;  // these: of convolutions that the pass did not show
  for (const auto& p : parts.tensors) {
    layers.insert(p.layer());
    if (p.layout == Layout::singular) normed.insert(p.layer());
    if (p.layout == Layout::length) lengths.insert(p.layer());
    const bool conv = p.layout == Layout::conv || p.layout == Layout::conv_transpose;
    if (conv && std::none_of(graph.nodes.begin(), graph.nodes.end(),
                             [&](const GraphNode& n) { return n.path == p.layer(); }))
      convolutions.insert(p.layer());
  }
  for (const ImageShapes* all : {&options.takes_image, &options.makes_image})
    for (const auto& [path, shape] : *all)
      ensure(layers.contains(path), "pytorch: .takes_image and .makes_image: no layer '{}' has tensors",
             path);

  std::vector<TorchTensor<T>> list;
  for (const auto& p : parts.tensors) {
    const std::string layer = p.layer(), word = p.path.substr(layer.empty() ? 0 : layer.size() + 1);
    const bool dense = p.layout == Layout::dense,
               conv = p.layout == Layout::conv || p.layout == Layout::conv_transpose;
    const bool one_axis = p.layout == Layout::conv && p.t.rank() == 3;  // of sequences
    ensure((!dense || p.t.rank() == 2) && (!conv || p.t.rank() == 4 || one_axis),
           "pytorch: '{}' {} is declared {}", p.path, p.t.shape(),
           dense ? "dense, (in, out)" : "a convolution's, (kh, kw, in, out)");
    const bool spectral = normed.contains(layer) && (word == "weight" || p.layout == Layout::singular);
    ensure(!spectral || p.layout != Layout::conv_transpose,
           "pytorch: '{}' under SpectralNorm: PyTorch divides a transposed convolution by another number",
           p.path);
    const auto columns =
        dense ? orders.of_dense(layer, p.t.dim(0), p.t.dim(1), !convolutions.empty()) : orders.of(layer);
    const auto found = renumbered.find(layer);
    const std::string& torch = found == renumbered.end() ? layer : found->second;
    TorchTensor<T> t{p.path,
                     torch.empty() ? "" : torch + ".",
                     torch_word(word, p.layout, spectral, lengths.contains(layer) && word == "weight"),
                     "",
                     p.t,
                     p.layout,
                     torch_layout(p.path, p.t.shape(), p.layout, columns),
                     spectral};
    if (p.layout == Layout::length)  // (out, 1, …), as many axes as the weight
      for (const auto& other : parts.tensors)
        if (other.path == (layer.empty() ? "" : layer + ".") + "weight")
          while (t.layout.shape.rank() < other.t.rank()) t.layout.shape.push_back(1);
    t.name = file_name(t.base + t.word, options);
    list.push_back(std::move(t));
  }
  return list;
}

template <class M>
std::vector<TorchTensor<module_value_t<M>>> torch_tensors(M& module, const PytorchOptions& options) {
  using T = module_value_t<M>;
  ensure(!options.count_activations || options.sample.rank() > 0,
         "pytorch: count_activations needs the shape of a sample");
  ModuleParts<T> parts;
  module.visit(static_cast<Visitor<T>&>(parts));
  ModuleGraph graph;
  if (options.sample.rank() > 0) {
    constexpr bool runs = figment::detail::HasForward<M, T>;
    ensure(runs,
           "pytorch: the model has no forward of one tensor, so .sample can't be run: say .takes_image and "
           ".makes_image of its dense layers instead");
    if constexpr (runs) graph = module_graph(module, options.sample);
  } else {
    need_sample(parts, options);
  }
  return torch_tensors(parts, graph, options);
}

}  // namespace detail

}  // namespace figment::io
