// Weights that PyTorch computes from others: weight and spectral normalisation, in both of its spellings.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "figment/io/pytorch_layout.hpp"
#include "figment/io/safetensors.hpp"

namespace figment::io::detail {

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

/// Along `axis` of PyTorch's weight: calls f(index, element) for each element, index being its place there.
template <class F>
void each_along(const Shape& shape, Index axis, F&& f) {
  Index inner = 1;
  for (Index d = axis + 1; d < shape.rank(); ++d) inner *= shape[d];
  const Index size = shape.size(), extent = shape[axis];
  for (Index e = 0; e < size; ++e) f(e / inner % extent, e);
}

/// torch.nn.utils.weight_norm: v g / ||v||, the norm along the axis that g has (dim), or of all of v.
template <class T>
Tensor<T> weight_normed(const std::string& name, const Tensor<T>& g, const Tensor<T>& v) {
  Index axis = -1, others = 0;
  for (Index d = 0; d < g.rank(); ++d)
    if (g.dim(d) != 1) axis = d, ++others;
  const bool fits =
      others == 0 ? g.size() == 1 : others == 1 && g.rank() == v.rank() && g.dim(axis) == v.dim(axis);
  ensure(fits, "import_pytorch: '{}': weight norm's g {} does not fit v {}", name, g.shape(), v.shape());
  const Shape shape = axis < 0 ? Shape{1, v.size()} : v.shape();
  axis = (std::max)(Index{0}, axis);
  std::vector<double> squares(static_cast<std::size_t>(g.size()));
  each_along(shape, axis, [&](Index i, Index e) {
    const auto x = static_cast<double>(v.data()[e]);
    squares[static_cast<std::size_t>(i)] += x * x;
  });
  Tensor<T> w(v.shape());
  T* to = w.mutable_data();
  each_along(shape, axis, [&](Index i, Index e) {
    const double scale = static_cast<double>(g.data()[i]) / std::sqrt(squares[static_cast<std::size_t>(i)]);
    to[e] = static_cast<T>(static_cast<double>(v.data()[e]) * scale);
  });
  return w;
}

/// What a layer under torch.nn.utils.spectral_norm computes with in evaluation: weight / (u W v), W being the
/// weight as a matrix with the axis of u first.
template <class T>
Tensor<T> spectral_normed(const std::string& name, const Tensor<T>& weight, const Tensor<T>& u,
                          const Tensor<T>& v, bool transposed) {
  const auto fits = [&](Index axis) {
    return axis < weight.rank() && u.size() == weight.dim(axis) && u.size() * v.size() == weight.size();
  };
  const Index usual = transposed ? 1 : 0,
              axis = fits(usual) ? usual : 1 - usual;  // PyTorch's own choice of dim
  ensure(weight.size() > 0 && fits(axis),
         "import_pytorch: '{}': spectral norm's u {} and v {} do not fit weight {}", name, u.shape(),
         v.shape(), weight.shape());
  double sigma = 0;
  std::vector<Index> column(static_cast<std::size_t>(u.size()));
  each_along(weight.shape(), axis, [&](Index i, Index e) {
    const Index k = column[static_cast<std::size_t>(i)]++;
    sigma += static_cast<double>(u.data()[i]) * static_cast<double>(weight.data()[e]) *
             static_cast<double>(v.data()[k]);
  });
  ensure(sigma != 0, "import_pytorch: '{}': spectral norm's singular value is 0", name);
  Tensor<T> w(weight.shape());
  T* to = w.mutable_data();
  for (Index e = 0; e < weight.size(); ++e)
    to[e] = static_cast<T>(static_cast<double>(weight.data()[e]) / sigma);
  return w;
}

/// How a file may hold one tensor: by one name, or by those of the parts that it is computed from.
struct TorchForm {
  enum class Kind { itself, weight_norm, spectral_norm } kind = Kind::itself;
  std::vector<std::string> names;  ///< in the file: of itself; of g and v; of the weight, u and v
};

/// The name in the file of a part of a tensor: `pattern` has its last word at {}. What the options' rename
/// does to the whole name is done to the part's, where it knows only the first.
template <class T>
std::string part_name(const SafetensorsReader& file, const TorchTensor<T>& t, const std::string& word,
                      const std::string& pattern, const PytorchOptions& options) {
  const auto filled = [&](const std::string& w) {
    return std::string(pattern).replace(pattern.find("{}"), 2, w);
  };
  const std::string literal = file_name(t.base + filled(word), options);
  if (file.has(literal)) return literal;
  const std::string whole = file_name(t.base + word, options);
  const auto at = whole.rfind('.') + 1;  // 0 where there is none
  return whole.substr(0, at) + filled(whole.substr(at));
}

/// The form that the file has, or that with the tensor's own name if it has none.
template <class T>
TorchForm find_form(const SafetensorsReader& file, const TorchTensor<T>& t, const PytorchOptions& options) {
  using Kind = TorchForm::Kind;
  struct Spelling {
    Kind kind;
    std::vector<const char*> parts;
  };
  static const std::vector<Spelling> plain{
      {Kind::weight_norm, {"parametrizations.{}.original0", "parametrizations.{}.original1"}},
      {Kind::weight_norm, {"{}_g", "{}_v"}},
      {Kind::spectral_norm,
       {"parametrizations.{}.original", "parametrizations.{}.0._u", "parametrizations.{}.0._v"}},
      {Kind::spectral_norm, {"{}_orig", "{}_u", "{}_v"}}};
  static const std::vector<Spelling> weight{{Kind::itself, {"parametrizations.{}.original"}},
                                            {Kind::itself, {"{}_orig"}}};
  static const std::vector<Spelling> u{{Kind::itself, {"parametrizations.{}.0._u"}},
                                       {Kind::itself, {"{}_u"}}};
  static const std::vector<Spelling> length{{Kind::itself, {"{}_g"}}}, direction{{Kind::itself, {"{}_v"}}};
  const TorchForm itself{Kind::itself, {t.name}};
  if (file.has(t.name)) return itself;
  const bool parted = t.word == length_word || t.word == direction_word;  // under our WeightNorm
  const std::vector<Spelling>& all = t.word == length_word        ? length
                                     : t.word == direction_word   ? direction
                                     : !t.spectral                ? plain
                                     : t.role == Layout::singular ? u
                                                                  : weight;
  for (const Spelling& s : all) {
    TorchForm form{s.kind, {}};
    for (const char* part : s.parts)
      form.names.push_back(part_name(file, t, t.spectral || parted ? "weight" : t.word, part, options));
    if (std::all_of(form.names.begin(), form.names.end(), [&](const auto& n) { return file.has(n); }))
      return form;
  }
  return itself;
}

/// The tensor as PyTorch has it, from whichever form.
template <class T>
Tensor<T> read_form(const SafetensorsReader& file, const TorchTensor<T>& t, const TorchForm& form) {
  const auto part = [&](std::size_t i) { return file.read<T>(form.names[i]); };
  switch (form.kind) {
    case TorchForm::Kind::weight_norm:
      return weight_normed(form.names[1], part(0), part(1));
    case TorchForm::Kind::spectral_norm:
      return spectral_normed(form.names[0], part(0), part(1), part(2), t.role == Layout::conv_transpose);
    default:
      return part(0);
  }
}

}  // namespace figment::io::detail
