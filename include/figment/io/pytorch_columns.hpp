// Which columns of dense layers are images' pixels, which PyTorch has in another order.
#pragma once

#include <map>
#include <numeric>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "figment/io/module_graph.hpp"
#include "figment/nn/activation.hpp"
#include "figment/nn/batch_norm.hpp"
#include "figment/nn/conv1d.hpp"
#include "figment/nn/dropout.hpp"
#include "figment/nn/gaussian_noise.hpp"
#include "figment/nn/label_embedding.hpp"
#include "figment/nn/layer_norm.hpp"
#include "figment/nn/linear.hpp"
#include "figment/nn/masked_linear.hpp"
#include "figment/nn/penalty.hpp"
#include "figment/nn/prelu.hpp"
#include "figment/nn/reshape.hpp"
#include "figment/nn/spectral_norm.hpp"
#include "figment/nn/weight_norm.hpp"

namespace figment::io::detail {

/// The columns of a matrix (N, F) whose first H W C are images (H, W, C): PyTorch flattens (C, H, W).
struct ImageColumns {
  Index height = 0, width = 0, channels = 0;
  bool hidden = false;  ///< it can't be seen of which images, or whether of any

  friend bool operator==(const ImageColumns&, const ImageColumns&) = default;
  /// Of a batch's shape (N, H, W, C), or of sequences (N, L, C).
  static ImageColumns of(const Shape& s) {
    return s.rank() == 3 ? ImageColumns{1, s[1], s[2]} : ImageColumns{s[1], s[2], s[3]};
  }
  Index size() const { return height * width * channels; }
  /// Both libraries order them alike.
  bool plain() const { return !hidden && (height * width <= 1 || channels <= 1); }
  /// For each of PyTorch's columns ours; columns behind the image stay where they are.
  std::vector<Index> order(Index columns) const {
    ensure(columns >= size(), "pytorch: images ({}, {}, {}) in {} columns", height, width, channels, columns);
    std::vector<Index> ours(static_cast<std::size_t>(columns));
    std::iota(ours.begin(), ours.end(), Index{0});
    auto to = ours.begin();
    for (Index c = 0; c < channels; ++c)
      for (Index i = 0; i < height * width; ++i) *to++ = i * channels + c;
    return ours;
  }
};

/// Images (H, W, C) by the path of the layer that takes or makes their columns.
using ImageShapes = std::map<std::string, Shape>;

/// Follows flattened images through a model, from each Flatten to the dense layers that take its columns, and
/// from each Reshape to images back to the dense layer that made them. What it can't see is `hidden`, unless
/// it is told.
class ColumnOrders {
 public:
  /// Of the tensors of a layer, by the layer's path.
  struct Orders {
    ImageColumns in, out;
  };

  /// Of a model that is not run: all is as it is told.
  ColumnOrders(const ImageShapes& takes, const ImageShapes& makes) {
    for (const auto& [path, shape] : takes) orders_[path].in = told(path, shape);
    for (const auto& [path, shape] : makes) orders_[path].out = told(path, shape);
  }
  /// Of a model that was; the graph has to outlive this.
  ColumnOrders(const ModuleGraph& graph, const ImageShapes& takes, const ImageShapes& makes)
      : ColumnOrders(takes, makes) {
    graph_ = &graph;
    const auto count = graph.nodes.size();
    out_.resize(count);
    for (const GraphNode& node : graph.nodes) sequences_ = sequences_ || is<Conv1d>(node);
    for (std::size_t n = 0; n < count; ++n) {
      const GraphNode& node = graph.nodes[n];
      if (makes.contains(node.path))
        trace_back(graph, static_cast<Index>(n), orders_[node.path].out, takes);
      else if (node.leaf && is<Reshape>(node) && node.input.rank() == 2 && pictured(node.output))
        trace_back(graph, node.from, ImageColumns::of(node.output), takes);
      else if (may_be_columns_of_a_later_image(graph, n))
        trace_back(graph, static_cast<Index>(n), {.hidden = true}, takes);
    }
    for (std::size_t n = 0; n < count; ++n) trace_on(graph, n, takes, makes);
    for (const ImageShapes* all : {&takes, &makes})
      for (const auto& [path, shape] : *all) known_.insert(path);
  }

  /// What is known of the layer at this path: nothing of most.
  Orders of(const std::string& layer) const {
    const auto found = orders_.find(layer);
    return found == orders_.end() ? Orders{} : found->second;
  }
  /// The same of a layer with a dense weight (in, out), which may be one that the pass was not seen to go
  /// through: inside a layer of one's own. `images` says that convolutions are there too.
  Orders of_dense(const std::string& layer, Index in, Index out, bool images) const {
    if (!graph_ || known_.contains(layer)) return of(layer);
    const GraphNode* around = nullptr;
    for (const GraphNode& n : graph_->nodes)
      if ((n.path.empty() || n.path == layer || layer.starts_with(n.path + ".")) &&
          (!around || n.path.size() > around->path.size()))
        around = &n;
    if (images || !around) {
      const bool any = images || image_seen(graph_->nodes.size(), "");
      return {{.hidden = any}, {.hidden = any}};
    }
    const Shape &x = around->input, &y = around->output;
    const Orders whole = of(around->path);
    return {{.hidden = x.rank() == 4 ? image(x) && in > x[3] : !whole.in.plain()},
            {.hidden = y.rank() == 4 ? image(y) && out > y[3] : !whole.out.plain()}};
  }

 private:
  template <class... L>
  static bool is(const GraphNode& n) {
    return (... || (n.layer.as<L>() != nullptr));
  }
  template <template <class> class L>
  static bool is(const GraphNode& n) {
    return is<L<float>, L<double>>(n);
  }
  static bool dense(const GraphNode& n) {
    return n.leaf &&
           (is<Linear>(n) || is<MaskedLinear>(n) ||
            is<SpectralNorm<Linear<float>>, SpectralNorm<Linear<double>>, WeightPenalty<Linear<float>>,
               WeightPenalty<Linear<double>>, WeightNorm<Linear<float>>, WeightNorm<Linear<double>>>(n));
  }
  /// Its tensor is of columns behind the image.
  static bool joins(const GraphNode& n) {
    const auto* f = n.layer.as<LabelEmbedding<float>>();
    const auto* d = n.layer.as<LabelEmbedding<double>>();
    return (f && f->mode == LabelMode::join) || (d && d->mode == LabelMode::join);
  }
  /// Keeps the image's columns where they are, and treats them alike but for its own tensors.
  static bool passes(const GraphNode& n) {
    return n.leaf && n.input.rank() == 2 && n.output.rank() == 2 &&
           (is<Relu, LeakyRelu, Elu, Gelu, Silu, Softplus, Sigmoid, Tanh, Softmax>(n) ||
            is<Dropout, GaussianNoise, ActivityPenalty, Flatten, Reshape>(n) || is<BatchNorm>(n) ||
            is<LayerNorm>(n) || is<LabelEmbedding>(n) || is<PRelu>(n));
  }
  [[noreturn]] static void refuse(const GraphNode& n, const ImageColumns& i) {
    fail(
        "pytorch: {} {}: columns of images ({}, {}, {}) are in another order in PyTorch, which this layer is "
        "not known to follow",
        n.path, n.layer(), i.height, i.width, i.channels);
  }
  static ImageColumns told(const std::string& path, const Shape& shape) {
    ensure(shape.rank() == 0 || shape.rank() == 3,
           "pytorch: of '{}' expected an image (height, width, channels), or {} of none, found {}", path,
           "{}", shape);
    return shape.rank() == 0 ? ImageColumns{} : ImageColumns{shape[0], shape[1], shape[2]};
  }
  /// PyTorch has the channels first: images, and sequences where there are convolutions of them.
  bool pictured(const Shape& s) const { return s.rank() == 4 || (s.rank() == 3 && sequences_); }
  static bool image(const Shape& s) { return s.rank() == 4 && !ImageColumns::of(s).plain(); }

  /// Of the nodes before node `end` whose paths begin so, some had images.
  bool image_seen(std::size_t end, const std::string& within, Index* channels = nullptr) const {
    bool images = within.empty() && image(graph_->input);
    Index last = within.empty() && graph_->input.rank() == 4 ? graph_->input[3] : 0;
    for (std::size_t i = 0; i < end; ++i)
      for (const Shape* s : {&graph_->nodes[i].input, &graph_->nodes[i].output})
        if (s->rank() == 4 && graph_->nodes[i].path.starts_with(within))
          images = images || image(*s), last = (*s)[3];
    if (channels) *channels = last;
    return images;
  }
  /// Columns that no layer has made: a flattened image's, unless there was none, or a number of each of the
  /// last image's channels.
  ImageColumns unseen(std::size_t end, const std::string& within, Index columns) const {
    Index channels = 0;
    const bool images = image_seen(end, within, &channels);
    return {.hidden = images && columns > channels};
  }

  /// No layer takes what node n makes, and an image appears later whose making isn't seen. (Of a number for
  /// each of its channels it is not made.)
  static bool may_be_columns_of_a_later_image(const ModuleGraph& graph, std::size_t n) {
    const GraphNode& made = graph.nodes[n];
    if (made.output.rank() != 2 || !(dense(made) || passes(made))) return false;
    for (const GraphNode& node : graph.nodes)
      if (node.from == static_cast<Index>(n)) return false;
    const auto fits = [&](const Shape& s) { return image(s) && made.output[1] > s[3]; };
    for (std::size_t i = n + 1; i < graph.nodes.size(); ++i) {
      const GraphNode& later = graph.nodes[i];
      if (later.from == unknown_node && fits(later.input)) return true;
      if (later.from == unknown_node && is<Reshape>(later) && fits(later.output)) return true;
      if (!later.leaf && fits(later.output)) return true;
    }
    return false;
  }

  /// The columns that node `at` makes are this image's, as far as the dense layer they come from.
  void trace_back(const ModuleGraph& graph, Index at, const ImageColumns& wanted, const ImageShapes& takes) {
    const GraphNode* node = nullptr;
    for (; at >= 0; at = node->from) {
      node = &graph.nodes[static_cast<std::size_t>(at)];
      out_[static_cast<std::size_t>(at)] = wanted;
      if (dense(*node) || takes.contains(node->path)) return;
      if (node->input.rank() == 4 && ImageColumns::of(node->input) == wanted) return;
      if (wanted.hidden && !passes(*node)) return;
      if (!wanted.hidden && !wanted.plain() && !passes(*node)) refuse(*node, wanted);
    }
    if (node && at == unknown_node && !wanted.hidden && !wanted.plain()) refuse(*node, wanted);
  }

  void trace_on(const ModuleGraph& graph, std::size_t n, const ImageShapes& takes, const ImageShapes& makes) {
    const GraphNode& node = graph.nodes[n];
    ImageColumns in, &out = out_[n];
    if (takes.contains(node.path))
      in = orders_[node.path].in;
    else if (node.input.rank() == 2 && node.from == unknown_node)
      in = unseen(n, "", node.input[1]);
    else if (node.from >= 0)
      in = out_[static_cast<std::size_t>(node.from)];
    if (dense(node)) known_.insert(node.path);

    if (makes.contains(node.path))
      out = orders_[node.path].out;
    else if (node.leaf && pictured(node.input) && node.output.rank() == 2 && is<Flatten, Reshape>(node))
      out = ImageColumns::of(node.input);
    else if (passes(node) && (in.channels > 0 || in.hidden))
      out = in;
    else if (!dense(node) && node.output.rank() == 2 && node.input.rank() != 2)
      out = unseen(n + 1, "", node.output[1]);
    else if (!dense(node) && !takes.contains(node.path)) {
      const bool unflattens = node.leaf && is<Reshape>(node) && pictured(node.output);
      if (!in.hidden && !in.plain() && !(unflattens && ImageColumns::of(node.output) == in)) refuse(node, in);
      if (node.output.rank() == 2) {
        const bool inside = !node.leaf && unseen(n, node.path + ".", node.output[1]).hidden;
        if (in.hidden || inside) out = {.hidden = true};
      }
    }
    if (node.leaf && is<Reshape>(node)) check_reshape(node);
    const bool matrices = node.input.rank() == 2 && node.output.rank() == 2;
    orders_[node.path] = {in, matrices && !joins(node) ? out : ImageColumns{}};
  }

  /// Between images, or images and rows of features, the channels have to stay what they are.
  static void check_reshape(const GraphNode& node) {
    const Shape &in = node.input, &out = node.output;
    const bool images = in.rank() == 4 && out.rank() == 4 && ImageColumns::of(in) != ImageColumns::of(out);
    const bool rows = in.rank() >= 3 && out.rank() >= 3 && in.rank() != out.rank() && in[-1] != out[-1];
    if (images || (rows && image(in))) refuse(node, ImageColumns::of(in));
    if (rows && image(out)) refuse(node, ImageColumns::of(out));
  }

  const ModuleGraph* graph_ = nullptr;
  bool sequences_ = false;         // convolved
  std::vector<ImageColumns> out_;  // of each node
  std::map<std::string, Orders> orders_;
  std::set<std::string> known_;  // the layers whose dense weights' orders are
};

}  // namespace figment::io::detail
