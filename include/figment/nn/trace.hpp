// What a forward pass goes through: layers, and the operations between them.
#pragma once

#include <array>
#include <memory>

#include "figment/nn/layer.hpp"
#include "figment/nn/sample_inputs.hpp"

namespace figment {

/// One layer's passage in a traced forward pass.
struct TraceRow {
  std::string path, layer;  ///< "encoder.0", "Linear(784, 256)"
  Shape input, output;      ///< with the batch
  bool leaf = true;         ///< no other layer inside
  bool passes_on = false;   ///< what comes out of it a layer inside has made
  Index parameters = 0;     ///< numbers in its tensors, without those of layers inside
};

namespace detail {

/// A layer of a pass that is over: its text, and a copy of it (handles to its tensors) where its type is one
/// that is exported. The layer itself may be gone, as one that a forward makes for itself.
class KeptLayer {
 public:
  KeptLayer() = default;
  explicit KeptLayer(const Description& d)
      : text_(d()), type_(d.type), copy_(d.type->copy ? d.type->copy(d.layer) : nullptr, d.type->destroy) {}

  const std::string& operator()() const { return text_; }
  /// The layer, or null if it is not an L.
  template <class L>
  const L* as() const {
    return type_ && type_->tag == &type_tag<L> ? static_cast<const L*>(copy_.get()) : nullptr;
  }
  bool exports_itself() const { return type_ && type_->onnx; }
  std::string onnx(io::OnnxWriter& to, const std::string& x) const { return type_->onnx(copy_.get(), to, x); }

 private:
  std::string text_;
  const LayerType* type_ = nullptr;
  std::unique_ptr<const void, void (*)(const void*)> copy_{nullptr, nullptr};
};

/// A tensor of a pass. Its memory is kept: freed, it would soon be another tensor's.
struct TracedValue {
  Shape shape;
  Ref<Storage> memory;
  Index from;  ///< the node that made it, or unknown_node
};
inline constexpr Index unknown_node = -1;

/// A layer, an operation, or one of the model's inputs.
struct TraceNode {
  enum class Kind { input, op, layer } kind;
  std::string path;                 ///< of an operation, that of the layer it is in; of an input, its name
  KeptLayer layer;                  ///< of a layer
  std::string op;                   ///< the operation's name, as "add"
  std::array<double, 2> numbers{};  ///< scale and shift of "affine"
  std::vector<TracedValue> inputs, outputs;
  std::size_t begin;        ///< its first node inside; its own place where there is none
  bool leaf;                ///< no layers inside
  bool passes_on;           ///< a node inside has made its outputs
  NamedMemories tensors{};  ///< of a layer
};

/// The nodes of a pass in the order they were done, inner ones first. A template: g++ compiles what may be
/// called through an interface, used or not.
template <class Node = TraceNode>
class Trace final : public Tracer {
 public:
  std::vector<Node> nodes;

  /// Of a module of these tensors.
  explicit Trace(NamedMemories module) : module_(std::move(module)) {}

  /// A model's input, which may be taken as numbers or as indices.
  void input(std::string name, const Passing& numbers, const Passing& indices) {
    Node node{Node::Kind::input, std::move(name), {}, {}, {}, {}, {}, nodes.size(), true, false, {}};
    for (const Passing& x : {numbers, indices})
      node.outputs.push_back({x.shape, x.memory, static_cast<Index>(nodes.size())});
    nodes.push_back(std::move(node));
  }

  bool enter(std::string_view name, const Description& layer) override {
    if (!open_.empty()) {
      Open& top = open_.back();
      if (top.layers == 0 && layer.is(top.layer)) {
        if (layer.type->copy) top.layer.type = layer.type;
        return false;
      }
      if (top.layers == 0 && layer.is(top.part)) return false;
    }
    NamedMemories tensors = layer.tensors();
    std::string path = open_.empty() ? std::string(name) : path_of(name, layer, tensors);
    if (!open_.empty()) ++open_.back().layers;
    open_.push_back({std::move(path), layer, {}, std::move(tensors), nodes.size(), 0});
    return true;
  }
  void go_on_as(const Description& part) override {
    if (!open_.empty()) open_.back().part = part;
  }
  void row(std::span<const Passing> inputs, std::span<const Passing> outputs) override {
    Open& top = open_.back();
    const bool leaf = top.layers == 0;
    Node node{Node::Kind::layer,
              top.path,
              KeptLayer(top.layer),
              {},
              {},
              values(inputs),
              values(outputs),
              top.nodes,
              leaf,
              !leaf,
              std::move(top.tensors)};
    for (const auto& y : node.outputs)
      node.passes_on = node.passes_on && y.from >= 0 && at(y.from).kind != Node::Kind::op;
    // What a layer that is known by its type does inside is nobody's business.
    if (leaf && top.layer.type->copy) nodes.resize(top.nodes);
    for (auto& y : node.outputs)
      if (leaf || y.from < 0) y.from = static_cast<Index>(nodes.size());
    used_.push_back(top.path);
    nodes.push_back(std::move(node));
  }
  void leave() override { open_.pop_back(); }

  void op(const char* name, std::span<const Passing> inputs, const Passing& output,
          std::span<const std::byte> rule) override {
    Node node{Node::Kind::op,
              open_.empty() ? "" : open_.back().path,
              {},
              name,
              {},
              values(inputs),
              {},
              nodes.size(),
              true,
              false,
              {}};
    if (node.op == "affine" && rule.size() == sizeof node.numbers)
      std::memcpy(node.numbers.data(), rule.data(), rule.size());
    node.outputs.push_back({output.shape, output.memory, static_cast<Index>(nodes.size())});
    nodes.push_back(std::move(node));
  }

  const Node& at(Index node) const { return nodes[static_cast<std::size_t>(node)]; }
  /// The node that made a tensor. The last one: what a layer only passes on has the same memory.
  Index find(const Passing& value) const {
    for (auto node = nodes.rbegin(); node != nodes.rend(); ++node)
      for (const auto& v : node->outputs)
        if (v.memory.get() == value.memory.get() && v.shape == value.shape) return v.from;
    return unknown_node;
  }

 private:
  struct Open {
    std::string path;
    Description layer, part;
    NamedMemories tensors;
    std::size_t nodes;   // how many there were before
    std::size_t layers;  // directly inside
  };

  std::vector<TracedValue> values(std::span<const Passing> list) const {
    std::vector<TracedValue> out;
    for (const Passing& p : list) out.push_back({p.shape, p.memory, find(p)});
    return out;
  }

  /// By its tensors, or by its name; without either by its type.
  std::string path_of(std::string_view name, const Description& layer, const NamedMemories& tensors) const {
    const std::string& outer = open_.back().path;
    const std::vector<std::string> places = places_of(tensors, module_);
    if (!name.empty()) {
      std::string wanted = join_paths(outer, name), found;
      for (const auto& p : places) {
        if (p == wanted) return wanted;
        if (found.empty() && p.ends_with("." + std::string(name))) found = p;
      }
      return found.empty() ? wanted : found;
    }
    const auto taken = [&](const std::string& p) {
      for (const Open& o : open_)
        if (o.path == p) return true;
      return false;
    };
    const auto used = [&](const std::string& p) {
      return std::find(used_.begin(), used_.end(), p) != used_.end();
    };
    // Tied layers, of one memory, are taken in the order that visit has them.
    for (const bool again : {false, true})
      for (const auto& p : places)
        if (!taken(p) && (again || !used(p))) return p;
    const std::string text = layer(), type = join_paths(outer, text.substr(0, text.find_first_of("( ")));
    std::string path = type;
    for (int i = 2; used(path); ++i) path = type + "_" + std::to_string(i);
    return path;
  }

  NamedMemories module_;
  std::vector<Open> open_;
  std::vector<std::string> used_;
};

/// A module's pass of zeros, and what it returned, by name.
struct TracedPass {
  std::vector<TraceNode> nodes;  ///< its inputs first
  std::vector<std::pair<std::string, TracedValue>> outputs;
};

/// The pass's layers, for a module of these tensors. A template, as Trace.
template <class Pass>
[[gnu::cold]] std::vector<TraceRow> trace_rows(const Pass& pass, const NamedMemories& module) {
  std::vector<TraceRow> rows;
  for (const TraceNode& n : pass.nodes)
    if (n.kind == TraceNode::Kind::layer)
      rows.push_back({n.path, n.layer(), n.inputs[0].shape, n.outputs.empty() ? Shape{} : n.outputs[0].shape,
                      n.leaf, n.passes_on, 0});
  // A tensor is its innermost layer's.
  for (const NamedMemory& t : module) {
    std::size_t inner = 0;
    const auto has = [&](const std::string& path) {
      return path.empty() || (t.name.starts_with(path) && t.name[path.size()] == '.');
    };
    for (const TraceRow& r : rows)
      if (has(r.path)) inner = (std::max)(inner, r.path.size());
    for (TraceRow& r : rows)
      if (has(r.path) && r.path.size() == inner) r.parameters += t.size;
  }
  // The module itself, which is no part of it.
  if (!rows.back().leaf && rows.back().parameters == 0) rows.pop_back();
  return rows;
}

/// Runs a forward pass of batches of `batch` zeros.
template <class M>
TracedPass traced_pass(const M& module, const SampleInputs& inputs, Index batch = 1) {
  using T = module_value_t<M>;
  const auto description = description_of(module);  // of a type that depends on M, as Trace's then does
  Trace trace(description.tensors());
  std::vector<ZeroInput<T>> x;
  std::vector<Passing> passed;
  for (const SampleInput& i : inputs.inputs) {
    Shape shape{batch};
    for (const Index d : i.shape) shape.push_back(d);
    x.emplace_back(shape);
  }
  for (std::size_t i = 0; i < x.size(); ++i) {
    passed.push_back({x[i].numbers.shape(), x[i].numbers.storage()});
    trace.input(inputs.inputs[i].name, passed.back(), {x[i].indices.shape(), x[i].indices.storage()});
  }
  TracedPass pass;
  const auto done = [&](const auto& y) {
    trace.row(passed, passing(y));
    each_output(y, [&](const std::string& name, const auto& t) {
      const Passing p{t.shape(), t.storage()};
      pass.outputs.emplace_back(name, TracedValue{p.shape, p.memory, trace.find(p)});
    });
  };
  const NoGrad guard;
  Rng rng;
  const Context context{.training = false, .rng = &rng};
  const bool found = located(module, [&] {
    const TraceWith with(trace);
    trace.enter("", description);
    const auto run = [&](auto count) {
      return x.size() == count() &&
             forward_all(std::make_index_sequence<count()>(), module, x, context, done);
    };
    using std::integral_constant;
    return run(integral_constant<std::size_t, 1>()) || run(integral_constant<std::size_t, 2>()) ||
           run(integral_constant<std::size_t, 3>()) || run(integral_constant<std::size_t, 4>());
  });
  ensure(found, "trace: {} has no forward that takes {} tensor(s), or Indices, and perhaps a Context",
         description(), x.size());
  for (std::size_t i = 0; i < x.size(); ++i)
    if (x[i].as_indices) trace.nodes[i].op = "indices";
  pass.nodes = std::move(trace.nodes);
  return pass;
}

}  // namespace detail

/// Runs a forward pass of zeros and lists the layers it went through, inner ones first. The inputs are
/// without the batch, which has `batch` samples.
template <class M>
std::vector<TraceRow> trace(const M& module, const SampleInputs& inputs, Index batch = 1) {
  return detail::trace_rows(detail::traced_pass(module, inputs, batch),
                            detail::description_of(module).tensors());
}
/// The same of one input, `input` being its shape with the batch.
template <class M>
std::vector<TraceRow> trace(const M& module, const Shape& input) {
  ensure(input.rank() >= 1, "trace: expected an input (N, …), found a scalar");
  return trace(module, SampleInputs{{{"input", Shape(std::span(input.begin() + 1, input.end()))}}}, input[0]);
}

}  // namespace figment
