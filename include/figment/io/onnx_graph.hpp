// ONNX models (github.com/onnx/onnx/blob/main/docs/IR.md), as far as exporting networks takes.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "figment/core/tensor.hpp"
#include "figment/io/file.hpp"
#include "figment/io/wire.hpp"

namespace figment::io {

/// An operation of an ONNX model, which makes one tensor: `OnnxNode("Concat", {a, b}).set("axis", 1)`.
struct OnnxNode {
  std::string type;                 ///< as ONNX' list of operators has it
  std::vector<std::string> inputs;  ///< names of tensors
  std::string output{};             ///< given by the graph
  detail::WireWriter attributes{};  ///< as set() writes them

  /// Of a type, from its inputs.
  OnnxNode(std::string t, std::vector<std::string> in = {}) : type(std::move(t)), inputs(std::move(in)) {}

  /// Sets an attribute.
  OnnxNode& set(std::string_view name, Index value) {
    return put(name, 2, [&] { attributes.integer(3, value); });
  }
  /// An attribute that is a real number.
  OnnxNode& set(std::string_view name, double value) {
    return put(name, 1, [&] { attributes.real(2, static_cast<float>(value)); });
  }
  /// One that is text.
  OnnxNode& set(std::string_view name, std::string_view value) {
    return put(name, 3, [&] { attributes.text(4, value); });
  }
  /// One that is a list.
  OnnxNode& set(std::string_view name, const std::vector<std::int64_t>& values) {
    return put(name, 7, [&] { attributes.integers(8, values); });
  }

 private:
  template <class F>
  OnnxNode& put(std::string_view name, int type_number, F value) {
    attributes.message(5, [&] {
      attributes.text(1, name);
      value();
      attributes.integer(20, type_number);
    });
    return *this;
  }
};

namespace detail {

/// A graph being built, of tensors of float or double with the batch as dimension "N".
class OnnxGraph {
 public:
  /// A tensor in our layout, channels last, in ONNX's, channels first, or in both; the empty name is what it
  /// is not in yet. Of up to two dimensions both are one.
  struct Value {
    std::string last, first;
    Index rank;
  };
  using Id = std::size_t;

  enum NumberType : std::int64_t { float_type = 1, index_type = 7, double_type = 11 };

  explicit OnnxGraph(NumberType numbers) : numbers_(numbers) {}

  /// A name that no other tensor takes.
  void reserve(const std::string& name) {
    ensure(!name.empty(), "export_onnx: an input or output has an empty name");
    ensure(names_.insert(name).second, "export_onnx: two of the inputs and outputs are named '{}'", name);
  }
  /// The model's next input, by a name that is reserved.
  Id input(const std::string& name, const Shape& shape, bool indices) {
    tensor_type(input_fields_, 11, name, shape, indices ? index_type : numbers_);
    return add_last(name, shape.rank());
  }
  NumberType numbers() const { return numbers_; }

  /// The name of a value in our layout, or in ONNX's; transposed once, where that is first needed.
  std::string last(Id v) { return in_layout(v, &Value::last); }
  std::string first(Id v) { return in_layout(v, &Value::first); }
  /// The name in whichever layout is there, for what is done to each element alone.
  std::string any(Id v) const { return values_[v].first.empty() ? values_[v].last : values_[v].first; }
  bool has_first(Id v) const { return !values_[v].first.empty(); }
  Index rank(Id v) const { return values_[v].rank; }

  // The value that an operation makes, in our layout, in ONNX's, or in that of value `like`.
  Id add_last(std::string name, Index rank) { return add({std::move(name), "", rank}); }
  Id add_first(std::string name, Index rank) { return add({"", std::move(name), rank}); }
  Id add_like(std::string name, Id like) {
    return values_[like].first.empty() ? add_last(std::move(name), rank(like))
                                       : add_first(std::move(name), rank(like));
  }

  /// Appends an operation and names its output after the layer at `path` and its type.
  const std::string& node(const std::string& path, OnnxNode n) {
    n.output = unique("/" + path + (path.empty() ? "" : "/") + n.type);
    nodes_.push_back(std::move(n));
    return nodes_.back().output;
  }

  /// A constant that is stored in the model; its name.
  template <class V>
  std::string constant(const std::string& wanted, const Tensor<V>& t) {
    if (std::is_same_v<V, double> && numbers_ == float_type) return constant(wanted, cast<float>(t));
    if (std::is_same_v<V, float> && numbers_ == double_type) return constant(wanted, cast<double>(t));
    return stored(wanted, t);
  }
  /// The same of the type that it has, as some operations want.
  template <class V>
  std::string stored(const std::string& wanted, const Tensor<V>& t) {
    return constant(wanted, std::vector<std::int64_t>(t.shape().begin(), t.shape().end()), t.values());
  }
  template <class V>
  std::string constant(const std::string& wanted, const std::vector<V>& values) {
    return constant(wanted, {static_cast<std::int64_t>(values.size())}, std::span<const V>(values));
  }

  void output(const std::string& wanted, Id v, const Shape& shape) {
    // The node that makes it takes the name, unless it makes an output already, or there is none.
    const std::string name = last(v);
    bool renamed = false;
    for (OnnxNode& n : nodes_)
      if (n.output == name && !outputs_.contains(name)) n.output = wanted, renamed = true;
    for (OnnxNode& n : nodes_)
      for (std::string& input : n.inputs)
        if (renamed && input == name) input = wanted;
    if (renamed)
      for (Value& value : values_)
        for (std::string* known : {&value.last, &value.first})
          if (*known == name) *known = wanted;
    if (!renamed) nodes_.emplace_back("Identity", std::vector<std::string>{name}).output = wanted;
    outputs_.insert(wanted);
    tensor_type(output_fields_, 12, wanted, shape, numbers_);
  }

  /// The model's bytes, for any reader of opset 17 (ONNX 1.12) and later.
  std::string bytes(const std::string& name) const {
    WireWriter w;
    w.integer(1, 8);  // the version of the format
    w.text(2, "figment");
    w.message(7, [&] {
      for (const OnnxNode& n : nodes_)
        w.message(1, [&] {
          for (const auto& input : n.inputs) w.text(1, input);
          w.text(2, n.output);
          w.text(3, n.output);
          w.text(4, n.type);
          w.append(n.attributes);
        });
      w.text(2, name);
      w.append(constants_);
      w.append(input_fields_);
      w.append(output_fields_);
    });
    w.message(8, [&] {
      w.text(1, "");
      w.integer(2, 17);
    });
    return w.bytes();
  }

 private:
  template <class V>
  static constexpr std::int64_t type_number() {
    if constexpr (std::is_same_v<V, float>) return float_type;
    if constexpr (std::is_same_v<V, std::int64_t>) return index_type;
    if constexpr (std::is_same_v<V, double>) return double_type;
  }

  Id add(Value v) {
    if (v.rank < 3) v.last = v.first = v.last.empty() ? v.first : v.last;
    values_.push_back(std::move(v));
    return values_.size() - 1;
  }
  std::string in_layout(Id id, std::string Value::*wanted) {
    if ((values_[id].*wanted).empty()) {
      const Index rank = values_[id].rank;
      const bool to_last = wanted == &Value::last;
      std::vector<std::int64_t> order{0};
      for (Index i = 1; i < rank; ++i)
        order.push_back(to_last ? (i == rank - 1 ? 1 : i + 1) : (i == 1 ? rank - 1 : i - 1));
      const std::string from = any(id);
      OnnxNode transpose{"Transpose", {from}};
      transpose.set("perm", order);
      transpose.output = unique((from.starts_with('/') ? from : "/" + from) + (to_last ? "/last" : "/first"));
      values_[id].*wanted = transpose.output;
      nodes_.push_back(std::move(transpose));
    }
    return values_[id].*wanted;
  }
  template <class V>
  std::string constant(const std::string& wanted, const std::vector<std::int64_t>& shape,
                       std::span<const V> values) {
    const std::string name = unique(wanted);
    constants_.message(5, [&] {
      constants_.integers(1, shape);
      constants_.integer(2, type_number<V>());
      constants_.text(8, name);
      constants_.text(9, {reinterpret_cast<const char*>(values.data()), values.size_bytes()});
    });
    return name;
  }
  static void tensor_type(WireWriter& w, unsigned field, std::string_view name, const Shape& shape,
                          NumberType type) {
    w.message(field, [&] {
      w.text(1, name);
      w.message(2, [&] {
        w.message(1, [&] {
          w.integer(1, type);
          w.message(2, [&] {
            for (Index i = 0; i < shape.rank(); ++i)
              w.message(1, [&] {
                if (i == 0)
                  w.text(2, "N");
                else
                  w.integer(1, shape[i]);
              });
          });
        });
      });
    });
  }
  std::string unique(const std::string& wanted) {
    std::string name = wanted;
    for (int i = 1; !names_.insert(name).second; ++i) name = wanted + "_" + std::to_string(i);
    return name;
  }

  NumberType numbers_;
  std::vector<Value> values_;
  std::vector<OnnxNode> nodes_;
  std::set<std::string> names_, outputs_;
  WireWriter constants_, input_fields_, output_fields_;
};

}  // namespace detail

/// What a layer of your own writes its export to. Beside its forward it has
///
///   std::string onnx(io::OnnxWriter& to, const std::string& x) const {
///     return to.op({"Mul", {x, to.constant("gain", gain)}});
///   }
///
/// which appends operations of opset 17 that make of the tensor called x, laid out as in forward, what
/// forward makes when nothing is trained, and gives that one's name.
class OnnxWriter {
 public:
  /// To a graph, for the layer at a path.
  OnnxWriter(detail::OnnxGraph& graph, const std::string& path) : graph_(graph), path_(path) {}

  /// Appends an operation; the name of what it makes.
  std::string op(OnnxNode node) { return graph_.node(path_, std::move(node)); }
  /// A tensor that is stored in the model, by a name in the layer: of the model's number type, or of indices.
  template <class V>
  std::string constant(std::string_view name, const Tensor<V>& values) {
    return graph_.constant(path_ + (path_.empty() ? "" : ".") + std::string(name), values);
  }

 private:
  detail::OnnxGraph& graph_;
  const std::string& path_;
};

}  // namespace figment::io
