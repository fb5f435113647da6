// Weights to and from PyTorch: safetensors with its names and layouts.
#pragma once

#include <cmath>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "figment/io/pytorch_layout.hpp"
#include "figment/io/safetensors.hpp"
#include "figment/nn/conv_transpose2d.hpp"

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
};

namespace detail {

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

template <class T>
struct TorchTensor {
  std::string path, name;  // ours, PyTorch's
  Tensor<T> ours;
  TorchLayout layout;
  bool spectral = false;  // the `u` of a layer under SpectralNorm

  Tensor<T> to_torch() const {
    Tensor<T> t(layout.shape);
    T* out = t.mutable_data();
    for (Index i : layout.source) *out++ = ours.data()[i];
    return t;
  }
  void from_torch(const Tensor<T>& t) const {
    Tensor<T> handle = ours;
    T* out = handle.mutable_data();
    const T* in = t.data();
    for (Index i : layout.source) out[i] = *in++;
  }
};

template <class M>
std::vector<TorchTensor<module_value_t<M>>> torch_tensors(M& module, const PytorchOptions& options) {
  using T = module_value_t<M>;
  ensure(!options.count_activations || options.sample.rank() > 0,
         "pytorch: count_activations needs the shape of a sample");
  ColumnOrders orders;
  std::map<std::string, std::string> renumbered;
  if (options.sample.rank() > 0) {
    const ModuleGraph graph = module_graph(module, options.sample);
    for (const GraphNode& node : graph.nodes)
      ensure(!node.layer.as<SpectralNorm<ConvTranspose2d<T>>>(),
             "pytorch: {} {}: PyTorch divides a transposed convolution by another number", node.path,
             node.layer());
    orders = ColumnOrders(graph);
    if (options.count_activations) renumbered = torch_paths(graph);
  }
  std::set<std::string> weights, vectors;
  for_each_tensor(module, [&](const std::string& path, auto& t, bool trainable) {
    if (t.rank() >= 2) weights.insert(path);
    if (t.rank() == 1 && !trainable) vectors.insert(path);
  });

  std::vector<TorchTensor<T>> list;
  for (const auto& [path, t] : named_tensors(module)) {
    const auto dot = path.rfind('.');
    const std::string layer = dot == path.npos ? "" : path.substr(0, dot),
                      lead = dot == path.npos ? "" : layer + ".";
    std::string name = path.substr(lead.size());
    TorchTensor<T> tensor{path, "", t, torch_layout(name, t.shape(), orders.of(layer))};
    const bool normed = weights.contains(lead + "weight") && vectors.contains(lead + "u");
    if (normed && name == "weight") name = "parametrizations.weight.original";
    if (normed && name == "u") name = "parametrizations.weight.0._u", tensor.spectral = true;
    if (name == "gamma" || name == "table") name = "weight";
    if (name == "beta") name = "bias";
    const auto found = renumbered.find(layer);
    const std::string torch = found == renumbered.end() ? layer : found->second;
    tensor.name = torch.empty() ? name : torch + "." + name;
    if (options.rename) tensor.name = options.rename(tensor.name);
    list.push_back(std::move(tensor));
  }
  return list;
}

/// The right singular vector that belongs to u in PyTorch, of the weight (out, …).
template <class T>
Tensor<T> spectral_v(const Tensor<T>& weight, const Tensor<T>& u) {
  const Index out = weight.dim(0), rest = weight.size() / out;
  std::vector<double> v(static_cast<std::size_t>(rest));
  double square = 0;
  for (Index k = 0; k < rest; ++k) {
    double& sum = v[static_cast<std::size_t>(k)];
    for (Index o = 0; o < out; ++o)
      sum += static_cast<double>(weight.data()[o * rest + k]) * static_cast<double>(u.data()[o]);
    square += sum * sum;
  }
  Tensor<T> result(Shape{rest});
  T* to = result.mutable_data();
  for (double x : v) *to++ = static_cast<T>(x / (std::max)(std::sqrt(square), 1e-12));
  return result;
}

}  // namespace detail

/// Writes a module's weights and buffers for PyTorch, `model.load_state_dict(load_file(path))`: dense weights
/// as (out, in), convolutions as (out, in, kh, kw), transposed ones as (in, out, kh, kw), gamma, beta and an
/// embedding's table as weight and bias, SpectralNorm as torch.nn.utils.parametrizations.spectral_norm has
/// it. Names are the paths ("encoder.0.weight"), or as the options say. Throws where two are the same.
///
/// PyTorch has images as (N, C, H, W), and where a model's own input or output is flattened images, their
/// columns as (C, H, W). What is no tensor does not travel: the defaults of batch norm's epsilon and leaky
/// ReLU's slope are others there (1e-5, 0.01). `same` padding with a stride is torch.nn.functional.pad before
/// the convolution, the odd pixel right and below, or a slice of a transposed convolution's output.
template <class M>
void export_pytorch(const std::filesystem::path& path, M& module, const PytorchOptions& options = {}) {
  using T = module_value_t<M>;
  SafetensorsWriter writer(Metadata{{"format", "pt"}});
  Tensor<T> weight;  // of the layer being written
  for (const auto& t : detail::torch_tensors(module, options)) {
    const Tensor<T> torch = t.to_torch();
    if (t.ours.rank() >= 2) weight = torch;
    writer.add(t.name, torch);
    if (t.spectral) {
      std::string v = t.name;
      v.back() = 'v';
      writer.add(v, detail::spectral_v(weight, torch));
    }
  }
  writer.write(path);
}

/// Reads a PyTorch model's state dictionary, saved by safetensors.torch.save_file, into a module of the same
/// layers. Batch norm's num_batches_tracked and spectral norm's v are ignored. Throws, and leaves the module
/// as it was, when a tensor is missing, has another shape or type, or when the file has more than the module.
template <class M>
void import_pytorch(const std::filesystem::path& path, M& module, const PytorchOptions& options = {}) {
  using T = module_value_t<M>;
  const SafetensorsReader reader(path);
  const auto tensors = detail::torch_tensors(module, options);
  std::vector<Tensor<T>> values;
  std::set<std::string> known;
  for (const auto& t : tensors) {
    ensure(known.insert(t.name).second, "import_pytorch: {}: two tensors of the model are named '{}'",
           path.string(), t.name);
    ensure(reader.has(t.name), "import_pytorch: {}: no tensor '{}', for the model's '{}' {}", path.string(),
           t.name, t.path, t.ours.shape());
    values.push_back(reader.read<T>(t.name));
    ensure(values.back().shape() == t.layout.shape,
           "import_pytorch: {}: '{}' is {}, expected {} for the model's '{}' {}", path.string(), t.name,
           values.back().shape(), t.layout.shape, t.path, t.ours.shape());
  }
  for (const auto& name : reader.names())
    ensure(known.contains(name) || name.ends_with("num_batches_tracked") ||
               name.ends_with("parametrizations.weight.0._v"),
           "import_pytorch: {}: the model has no '{}'", path.string(), name);
  for (std::size_t i = 0; i < values.size(); ++i) tensors[i].from_torch(values[i]);
}

}  // namespace figment::io
