// Which number of a module's tensors is which of PyTorch's.
#pragma once

#include <map>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "figment/io/module_graph.hpp"
#include "figment/nn/label_embedding.hpp"
#include "figment/nn/linear.hpp"
#include "figment/nn/reshape.hpp"
#include "figment/nn/spectral_norm.hpp"

namespace figment::io::detail {

/// The columns of a matrix (N, F) whose first H W C are images (H, W, C): PyTorch flattens (C, H, W).
struct ImageColumns {
  Index height = 0, width = 0, channels = 0;

  friend bool operator==(const ImageColumns&, const ImageColumns&) = default;
  /// Both libraries order them alike.
  bool plain() const { return height * width <= 1 || channels <= 1; }
  /// For each of PyTorch's columns ours; columns behind the image stay where they are.
  std::vector<Index> order(Index columns) const {
    ensure(columns >= height * width * channels, "pytorch: images ({}, {}, {}) in {} columns", height, width,
           channels, columns);
    std::vector<Index> ours(static_cast<std::size_t>(columns));
    std::iota(ours.begin(), ours.end(), Index{0});
    auto to = ours.begin();
    for (Index c = 0; c < channels; ++c)
      for (Index i = 0; i < height * width; ++i) *to++ = i * channels + c;
    return ours;
  }
};

/// Follows flattened images through a model, from each Flatten to the dense layers that take its columns, and
/// from each Reshape to images back to the dense layer that made them.
class ColumnOrders {
 public:
  /// Of the tensors of a layer, by the layer's path.
  struct Orders {
    ImageColumns in, out;
  };

  ColumnOrders() = default;
  explicit ColumnOrders(const ModuleGraph& graph) : out_(graph.nodes.size()) {
    for (const GraphNode& node : graph.nodes)
      if (node.leaf && node.input.rank() == 2 && node.output.rank() == 4) trace_back(graph, node);
    for (std::size_t n = 0; n < graph.nodes.size(); ++n)
      if (graph.nodes[n].leaf) trace_on(graph.nodes[n], out_[n]);
  }

  /// What is known of the layer at this path: nothing of most.
  Orders of(const std::string& layer) const {
    const auto found = orders_.find(layer);
    return found == orders_.end() ? Orders{} : found->second;
  }

 private:
  static ImageColumns image(const Shape& s) { return {s[1], s[2], s[3]}; }
  template <template <class> class L>
  static bool is(const GraphNode& n) {
    return n.layer.as<L<float>>() || n.layer.as<L<double>>();
  }
  static bool dense(const GraphNode& n) {
    return is<Linear>(n) || n.layer.as<SpectralNorm<Linear<float>>>() ||
           n.layer.as<SpectralNorm<Linear<double>>>();
  }
  /// Its tensor is of columns behind the image.
  static bool joins(const GraphNode& n) {
    const auto* f = n.layer.as<LabelEmbedding<float>>();
    const auto* d = n.layer.as<LabelEmbedding<double>>();
    return (f && f->mode == LabelMode::join) || (d && d->mode == LabelMode::join);
  }
  /// Keeps the image's columns where they are.
  static bool passes(const GraphNode& n) {
    return n.input.rank() == 2 && n.output.rank() == 2 && (n.input == n.output || is<LabelEmbedding>(n)) &&
           !dense(n);
  }
  [[noreturn]] static void refuse(const GraphNode& n, const ImageColumns& i) {
    fail(
        "pytorch: {} {}: columns of images ({}, {}, {}) are in another order in PyTorch, which this layer is "
        "not known to follow",
        n.path, n.layer(), i.height, i.width, i.channels);
  }

  void trace_back(const ModuleGraph& graph, const GraphNode& reshape) {
    const ImageColumns wanted = image(reshape.output);
    const GraphNode* at = &reshape;
    while (at->from >= 0) {
      out_[static_cast<std::size_t>(at->from)] = wanted;
      at = &graph.nodes[static_cast<std::size_t>(at->from)];
      if (dense(*at) || (at->input.rank() == 4 && image(at->input) == wanted)) return;
      if (!passes(*at) && !wanted.plain()) refuse(*at, wanted);
    }
    if (at->from == unknown_node && !wanted.plain()) refuse(*at, wanted);
  }

  void trace_on(const GraphNode& node, ImageColumns& out) {
    const ImageColumns in = node.from >= 0 ? out_[static_cast<std::size_t>(node.from)] : ImageColumns{};
    if (node.input.rank() == 4 && node.output.rank() == 2 && node.input.size() == node.output.size())
      out = image(node.input);
    else if (passes(node) && in.channels > 0)
      out = in;
    else if (!dense(node) && !in.plain() && !(node.output.rank() == 4 && image(node.output) == in))
      refuse(node, in);
    if (node.layer.as<Reshape>() && node.input.rank() == 4 && node.output.rank() == 4 &&
        !(image(node.input) == image(node.output)))
      refuse(node, image(node.input));
    const bool matrices = node.input.rank() == 2 && node.output.rank() == 2;
    orders_[node.path] = {in, matrices && !joins(node) ? out : ImageColumns{}};
  }

  std::vector<ImageColumns> out_;
  std::map<std::string, Orders> orders_;
};

/// A tensor of a module as PyTorch has it: element i is ours at source[i].
struct TorchLayout {
  Shape shape;
  std::vector<Index> source;
};

/// `name` is the tensor's in its layer.
inline TorchLayout torch_layout(const std::string& name, const Shape& ours,
                                const ColumnOrders::Orders& orders) {
  TorchLayout torch;
  torch.source.reserve(static_cast<std::size_t>(ours.size()));
  const auto put = [&](Index i) { torch.source.push_back(i); };
  if (ours.rank() == 2 && name == "weight") {  // (in, out) -> (out, in)
    const Index in = ours[0], out = ours[1];
    torch.shape = {out, in};
    const auto rows = orders.in.order(in), columns = orders.out.order(out);
    for (Index c : columns)
      for (Index r : rows) put(r * out + c);
  } else if (ours.rank() == 4) {  // (kh, kw, a, b) -> (b, a, kh, kw), of transposed convolutions too
    const Index taps = ours[0] * ours[1], a = ours[2], b = ours[3];
    torch.shape = {b, a, ours[0], ours[1]};
    for (Index j = 0; j < b; ++j)
      for (Index i = 0; i < a; ++i)
        for (Index k = 0; k < taps; ++k) put((k * a + i) * b + j);
  } else {
    torch.shape = ours;
    const Index columns = ours.rank() ? ours[-1] : 1;
    const bool follows =
        ours.rank() >= 1 && columns >= orders.out.height * orders.out.width * orders.out.channels;
    const auto order = (follows ? orders.out : ImageColumns{}).order(columns);
    for (Index row = 0; row < ours.size(); row += std::max<Index>(1, columns))
      for (Index c : order) put(row + c);
  }
  return torch;
}

}  // namespace figment::io::detail
