// Networks as ONNX models, for programs in other languages and other machines' runtimes (onnx.ai).
#pragma once

#include <map>
#include <optional>

#include "figment/io/onnx_layers.hpp"

namespace figment::io {

/// Of export_onnx.
struct OnnxOptions {
  std::string name = "figment";  ///< of the graph; ONNX allows no empty one, which is this
  /// What follows the last layer, as a decoder's logits become pixels by the sigmoid.
  Activation output = Activation::none;
  double slope = 0.3;                          ///< of leaky_relu
  std::string input_name = "input";            ///< of a model of one input
  std::vector<std::string> output_names = {};  ///< if not those that export_onnx says
};

namespace detail {

/// Writes a pass: its layers, and between them the operations that have an export.
template <class T>
class OnnxExporter {
 public:
  using Id = OnnxGraph::Id;
  using Value = figment::detail::TracedValue;

  /// Of a module of these tensors.
  OnnxExporter(const figment::detail::TracedPass& pass, const figment::detail::NamedMemories& module,
               OnnxGraph& g)
      : graph_(g), layers_(g), module_(module) {
    std::vector<bool> inside(pass.nodes.size());
    for (std::size_t i = 0; i < pass.nodes.size(); ++i) {
      const bool known = layers_.knows(pass.nodes[i].layer);
      // What a layer with an export does inside is not exported besides.
      for (std::size_t k = pass.nodes[i].begin; known && k < i; ++k) inside[k] = true;
    }
    for (std::size_t i = 0; i < pass.nodes.size(); ++i)
      if (!inside[i]) node(pass.nodes[i]);
  }

  /// The model's value, followed by an activation.
  Id value(const std::string& name, const Value& v, Activation a, double slope) {
    layers_.enter({});
    return layers_.activation(a, slope, id_of(v, "the " + name));
  }

 private:
  using Node = figment::detail::TraceNode;
  /// What is known of a tensor.
  struct State {
    Value value;
    bool from_input;
    bool constant = false;    // made of the module's tensors alone, or one of them
    std::string no_export{};  // why it is not in the graph
    Id id = 0;
  };

  void set(const Value& v, Id id) { states_.push_back({v, true, false, {}, id}); }
  void lose(const Value& v, bool from_input, const std::string& why) {
    states_.push_back({v, from_input, false, why});
  }

  void node(const Node& n) {
    layers_.enter({n.path, n.kind == Node::Kind::layer ? n.layer() : "",
                   n.inputs.empty() ? Shape{} : n.inputs[0].shape,
                   n.outputs.empty() ? Shape{} : n.outputs[0].shape});
    if (n.kind == Node::Kind::input) {
      const bool indices = n.op == "indices";
      set(n.outputs[indices], graph_.input(n.path, n.outputs[0].shape, indices));
    } else if (n.kind == Node::Kind::op) {
      operation(n);
    } else if (layers_.knows(n.layer)) {
      for (const auto& t : n.tensors)
        for (const State& s : states_)
          ensure(!s.from_input || s.value.memory->data() != t.memory,
                 "export_onnx: {}: its {} is computed from the input", layers_.where(), t.name);
      set(n.outputs[0], layers_.layer(n.layer, id_of(n.inputs[0], layers_.where())));
    } else {
      for (const Value& y : n.outputs)
        if (!find(y))
          lose(y, true, figment::format("{}: there is no export for a layer of this type", layers_.where()));
    }
  }

  void operation(const Node& n) {
    const Value& y = n.outputs[0];
    bool constant = true, from_input = false;
    for (const Value& x : n.inputs) {
      constant = constant && constant_of(x);
      from_input = from_input || (find(x) && find(x)->from_input);
    }
    if (constant) return states_.push_back({y, false, true});
    const std::string where = n.path.empty() ? "the model" : n.path;
    for (const Value& v : n.inputs)
      if (const std::string why = state_of(v, where).no_export; !why.empty()) return lose(y, from_input, why);
    std::vector<Id> x;
    for (const Value& v : n.inputs) x.push_back(id_of(v, where));
    if (const std::optional<Id> id = written(n, x)) return set(y, *id);
    lose(y, from_input, figment::format("{}: there is no export for the operation '{}'", where, n.op));
  }
  std::optional<Id> written(const Node& n, const std::vector<Id>& x) {
    static const std::map<std::string, const char*> one{{"relu", "Relu"}, {"sigmoid", "Sigmoid"},
                                                        {"tanh", "Tanh"}, {"exp", "Exp"},
                                                        {"log", "Log"},   {"sqrt", "Sqrt"}};
    static const std::map<std::string, const char*> two{{"add", "Add"},     {"sub", "Sub"},
                                                        {"mul", "Mul"},     {"div", "Div"},
                                                        {"maximum", "Max"}, {"minimum", "Min"}};
    const Shape &in = n.inputs[0].shape, &out = n.outputs[0].shape;
    if (const auto f = one.find(n.op); f != one.end()) return layers_.each(x[0], {f->second});
    if (n.op == "silu") return layers_.write(Silu{}, x[0]);
    if (n.op == "gelu") return layers_.write(Gelu{}, x[0]);
    if (n.op == "softplus") return layers_.write(Softplus{}, x[0]);
    if (n.op == "square") return layers_.each(x[0], {"Mul", {graph_.any(x[0])}});
    if (n.op == "affine") {
      Id y = x[0];
      if (n.numbers[0] != 1) y = layers_.each(y, {"Mul", {layers_.scalar("scale", n.numbers[0])}});
      if (n.numbers[1] != 0) y = layers_.each(y, {"Add", {layers_.scalar("shift", n.numbers[1])}});
      return y;
    }
    if (const auto f = two.find(n.op); f != two.end()) {
      const Id a = x[0], b = x[1];
      // Of one shape each element alone matters, and the layout of both.
      const bool first = n.inputs[0].shape == n.inputs[1].shape && graph_.has_first(a) && graph_.has_first(b);
      if (first)
        return graph_.add_first(layers_.op({f->second, {graph_.first(a), graph_.first(b)}}), out.rank());
      return graph_.add_last(layers_.op({f->second, {graph_.last(a), graph_.last(b)}}), out.rank());
    }
    if (n.op == "concat") {
      Index axis = 0;
      while (axis < out.rank() - 1 && out[axis] == in[axis]) ++axis;
      if (axis == 0) return std::nullopt;  // of batches
      OnnxNode node{"Concat"};
      const bool channels = axis == out.rank() - 1 && out.rank() > 2;
      bool first = channels;
      for (std::size_t i = 0; i < n.inputs.size(); ++i) first = first && graph_.has_first(x[i]);
      for (std::size_t i = 0; i < n.inputs.size(); ++i)
        node.inputs.push_back(first ? graph_.first(x[i]) : graph_.last(x[i]));
      node.set("axis", first ? Index{1} : axis);
      const std::string name = layers_.op(std::move(node));
      return first ? graph_.add_first(name, out.rank()) : graph_.add_last(name, out.rank());
    }
    // The batch is as it is: 1 here, so that another first extent would be of more than it.
    if (n.op == "reshape" && in.rank() > 0 && out.rank() > 0 && out[0] == 1)
      return layers_.write(Reshape{Shape(std::span(out.begin() + 1, out.end()))}, x[0]);
    return std::nullopt;
  }

  const State* find(const Value& v) const {
    for (auto s = states_.rbegin(); s != states_.rend(); ++s)
      if (s->value.memory.get() == v.memory.get() && s->value.shape == v.shape) return &*s;
    return nullptr;
  }
  /// One of the module's tensors, made of those alone, or a single number: `x / 2` has its 2 as a tensor.
  bool constant_of(const Value& v) const {
    if (const State* s = find(v)) return s->constant;
    for (const auto& t : module_)
      if (t.memory == v.memory->data()) return true;
    return v.shape.rank() == 0;
  }
  const State& state_of(const Value& v, const std::string& who) {
    if (!find(v)) {
      if (constant_of(v))
        states_.push_back({v, false, true});
      else
        lose(v, false,
             figment::format("{}: takes a tensor {} that no layer or operation has made", who, v.shape));
    }
    return *find(v);
  }
  Id id_of(const Value& v, const std::string& who) {
    const State& s = state_of(v, who);
    ensure(s.no_export.empty(), "export_onnx: {}", s.no_export);
    if (!s.constant) return s.id;
    const T* data = static_cast<const T*>(v.memory->data());
    std::string name = "constant";
    for (const auto& t : module_)
      if (t.memory == v.memory->data()) name = t.name;
    const Tensor<T> values(v.shape, std::span<const T>(data, static_cast<std::size_t>(v.shape.size())));
    return graph_.add_last(graph_.constant(name, values), v.shape.rank());
  }

  OnnxGraph& graph_;
  OnnxLayers<T> layers_;
  const figment::detail::NamedMemories& module_;
  std::vector<State> states_;
};

}  // namespace detail

/// Writes what a module computes when it is not trained as an ONNX model of opset 17 (ONNX 1.12), which any
/// later runtime takes: a network of the library's layers, Sequential or a struct of its own that calls them,
/// one in another too. Between layers there may be sums, products and other arithmetic, the activations,
/// concat along another axis than the batch's, and reshape; a layer of your own has these inside, or an
/// export of its own (OnnxWriter). The inputs are without the batch, whose size stays open ("N"), and keep
/// their names; the output is "output", or "mean" and "log_var" of a GaussianEncoder, or "output_0" and so on
/// of a pair or tuple. Images are channels last as here. A network of double is one in the model, but for
/// what onnxruntime has in float alone: convolutions, AvgPool2d, UpSample2d and Gelu's erf are computed in
/// float there. Throws, naming the layer, where something has no export; nothing is written then.
template <class M>
void export_onnx(const std::filesystem::path& path, const M& module, const SampleInputs& inputs,
                 const OnnxOptions& options = {}) {
  using T = module_value_t<M>;
  const NoGrad guard;
  const auto tensors = figment::detail::description_of(module).tensors();
  const auto pass = figment::detail::traced_pass(module, inputs);
  detail::OnnxGraph graph(std::is_same_v<T, double> ? detail::OnnxGraph::double_type
                                                    : detail::OnnxGraph::float_type);
  const auto& given = options.output_names;
  ensure(given.empty() || given.size() == pass.outputs.size(),
         "export_onnx: {} output_names for a model of {} output(s)", given.size(), pass.outputs.size());
  ensure(!pass.outputs.empty(), "export_onnx: the model's forward returns no tensor");
  for (const auto& input : inputs.inputs) graph.reserve(input.name);
  for (std::size_t i = 0; i < pass.outputs.size(); ++i)
    graph.reserve(given.empty() ? pass.outputs[i].first : given[i]);
  detail::OnnxExporter<T> exporter(pass, tensors, graph);
  for (std::size_t i = 0; i < pass.outputs.size(); ++i) {
    const auto& [name, value] = pass.outputs[i];
    const auto id = exporter.value(name, value, options.output, options.slope);
    graph.output(given.empty() ? name : given[i], id, value.shape);
  }
  const std::string bytes = graph.bytes(options.name.empty() ? "figment" : options.name);
  ensure(bytes.size() < std::size_t{1} << 31,
         "export_onnx: {}: the model takes {} bytes, ONNX files less than 2 GiB", path.string(),
         bytes.size());
  write_file(path, bytes);
}
/// The same of one input, of shape `sample` without the batch, called "input" if the options do not say else.
///
///   io::export_onnx("decoder.onnx", vae.decoder, {2}, {.output = Activation::sigmoid});
template <class M>
void export_onnx(const std::filesystem::path& path, const M& module, const Shape& sample,
                 const OnnxOptions& options = {}) {
  export_onnx(path, module, SampleInputs{{{options.input_name, sample}}}, options);
}

}  // namespace figment::io
