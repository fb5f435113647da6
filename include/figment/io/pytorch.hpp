// Weights to and from PyTorch: safetensors with its names and layouts.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "figment/io/pytorch_forms.hpp"

namespace figment::io {

namespace detail {

/// Reads these tensors from a file.
template <class T>
LoadReport import_tensors(const SafetensorsReader& reader, const std::vector<TorchTensor<T>>& tensors,
                          const PytorchOptions& options) {
  LoadProblems problems;
  std::vector<TorchForm> forms;
  std::map<std::string, const void*> known;  // names of the file, and whose they are
  std::set<const void*> found;
  for (const auto& t : tensors) {
    forms.push_back(find_form(reader, t, options));
    for (const std::string& name : forms.back().names) {
      const auto [at, fresh] = known.emplace(name, t.ours.data());
      ensure(fresh || at->second == t.ours.data(),
             "import_pytorch: {}: two tensors of the model are named '{}'", reader.path(), name);
    }
    if (t.role == Layout::singular)
      for (const char* v : {"parametrizations.{}.0._v", "{}_v"})
        known.emplace(part_name(reader, t, "weight", v, options), nullptr);
    if (!reader.has(forms.back().names[0])) continue;
    found.insert(t.ours.data());
    if (forms.back().kind != TorchForm::Kind::itself) continue;
    if (const auto text = misfit<T>(reader, forms.back().names[0], t.layout.shape); !text.empty())
      problems.others.push_back(figment::format("{} for the model's '{}' {}", text, t.path, t.ours.shape()));
  }
  for (std::size_t i = 0; i < tensors.size(); ++i)
    if (!reader.has(forms[i].names[0]) && !found.contains(tensors[i].ours.data()))
      problems.names.missing.push_back(tensors[i].name);
  for (const auto& name : reader.names())
    if (name.starts_with(options.prefix) && !known.contains(name) && !name.ends_with("num_batches_tracked"))
      problems.names.unexpected.push_back(name);
  problems.raise("import_pytorch", reader.path(), "the model", options.strict);

  std::vector<Tensor<T>> values;
  std::map<const void*, std::size_t> first;  // the value that a memory takes
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const auto& t = tensors[i];
    values.emplace_back();
    if (!reader.has(forms[i].names[0])) continue;
    const Tensor<T> torch = read_form(reader, t, forms[i]);
    ensure(torch.shape() == t.layout.shape,
           "import_pytorch: {}: '{}' is {}, expected {} for the model's '{}' {}", reader.path(),
           forms[i].names.back(), torch.shape(), t.layout.shape, t.path, t.ours.shape());
    values.back() = t.from_torch(torch);
    const auto [at, fresh] = first.emplace(t.ours.data(), i);
    ensure(fresh || same_bytes(values[at->second], values.back()),
           "import_pytorch: {}: '{}' and '{}' differ, and are one memory in the model", reader.path(),
           tensors[at->second].name, t.name);
  }
  for (std::size_t i = 0; i < values.size(); ++i)
    if (Tensor<T> handle = tensors[i].ours; values[i].defined()) handle.copy_from(values[i]);
  return problems.names;
}

}  // namespace detail

/// Writes a module's weights and buffers for PyTorch, `model.load_state_dict(load_file(path))`, in the
/// layouts and by the names that the layers' visits declare (Layout): dense weights as (out, in),
/// convolutions as (out, in, kh, kw), transposed ones as (in, out, kh, kw), gamma, beta and an embedding's
/// table as weight and bias, SpectralNorm as torch.nn.utils.parametrizations.spectral_norm has it; what
/// declares nothing as it is. Names are the paths ("encoder.0.weight"), or as the options say. Throws where
/// two are the same, and where the order of an image's columns can't be known.
///
/// PyTorch has images as (N, C, H, W), and where a model's own input or output is flattened images, their
/// columns as (C, H, W). What is no tensor does not travel: the defaults of batch norm's epsilon and leaky
/// ReLU's slope are others there (1e-5, 0.01). `same` padding with a stride is torch.nn.functional.pad before
/// the convolution, the odd pixel right and below, or a slice of a transposed convolution's output.
template <class M>
void export_pytorch(const std::filesystem::path& path, M& module, const PytorchOptions& options = {}) {
  SafetensorsWriter writer(Metadata{{"format", "pt"}});
  Tensor<module_value_t<M>> weight;  // of the layer being written
  for (const auto& t : detail::torch_tensors(module, options)) {
    const auto torch = t.to_torch();
    if (t.spectral && t.role != Layout::singular) weight = torch;
    writer.add(t.name, torch);
    if (t.role == Layout::singular)
      writer.add(detail::file_name(t.base + detail::v_word, options), detail::spectral_v(weight, torch));
  }
  writer.write(path);
}

/// Reads a PyTorch model's state dictionary, saved by safetensors.torch.save_file or save_model, into a
/// module of the same layers. Weights under torch.nn.utils' weight_norm and spectral_norm, old and new, are
/// computed for layers that have neither; of tied tensors one name is enough. Batch norm's
/// num_batches_tracked and spectral norm's v are ignored. Throws, and leaves the module as it was, when
/// tensors are missing, have another shape or type, or when the file has more than the module: one error
/// names them all.
template <class M>
LoadReport import_pytorch(const std::filesystem::path& path, M& module, const PytorchOptions& options = {}) {
  const auto tensors = detail::torch_tensors(module, options);
  return detail::import_tensors(SafetensorsReader(path), tensors, options);
}

}  // namespace figment::io
