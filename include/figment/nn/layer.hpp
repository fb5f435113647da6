// Calling a layer inside a model: with or without a Context, with its place in the error messages, and
// with a trace for whoever wants to see what passes through.
#pragma once

#include <vector>

#include "figment/nn/context.hpp"
#include "figment/nn/module.hpp"

namespace figment {

namespace detail {

/// An error with the path of the layer it happened in.
struct [[gnu::visibility("default")]] LayerError : Error {
  std::string path, reason;
  [[gnu::cold]] LayerError(std::string p, std::string r)
      : Error(format("{}: {}", p, r)), path(std::move(p)), reason(std::move(r)) {}
};

/// NAME from "… [with L = ns::NAME<…>; …]" or "… [L = NAME]".
[[gnu::cold]] inline std::string type_name(std::string_view function) {
  std::string_view name = function.substr(function.find("L = ") + 4);
  name = name.substr(0, name.find_first_of(";]<"));
  return std::string(name.substr(name.rfind(':') + 1));
}
template <class L>
std::string type_name() {
  return type_name(__PRETTY_FUNCTION__);
}

template <class L>
concept Describes = requires(const L& layer) {
  std::string(layer.describe());
};

}  // namespace detail

/// A layer's type and options as text: what its describe() says, or its type's name.
template <class L>
std::string describe(const L& layer) {
  if constexpr (detail::Describes<L>)
    return layer.describe();
  else
    return detail::type_name<L>();
}

/// One layer's passage in a traced forward pass.
struct TraceRow {
  std::string path, layer;  ///< "encoder.0", "Linear(784, 256)"
  Shape input, output;      ///< with the batch
  bool leaf = true;         ///< no other layer inside
};

namespace detail {

/// One address for each type, which needs no run-time type information.
template <class L>
inline char type_tag = 0;

/// A layer whose type was forgotten: its describe(), when that is asked for, and itself to who knows the
/// type.
struct Description {
  const void* layer;
  std::string (*describe)(const void* layer);
  const void* type;

  std::string operator()() const { return describe(layer); }
  /// The layer, or null if it is not an L.
  template <class L>
  const L* as() const {
    return type == &type_tag<L> ? static_cast<const L*>(layer) : nullptr;
  }
};
template <class L>
Description description_of(const L& layer) {
  return {&layer, [](const void* l) { return describe(*static_cast<const L*>(l)); }, &type_tag<L>};
}

/// A tensor that goes into a layer or comes out of it.
struct Passing {
  const Shape& shape;
  const Ref<Storage>& memory;
};

/// Told of the layers that a forward pass goes through. An interface, so that only programs that trace
/// compile what comes of it.
class Tracer {
 public:
  virtual void enter(std::string_view name) = 0;
  /// The layer last entered and not left is done.
  virtual void row(const Description& layer, const Passing& input, const Passing& output) = 0;
  virtual void leave() = 0;

 protected:
  ~Tracer() = default;
};
inline thread_local Tracer* active_trace = nullptr;

/// The rows of trace(). A template: g++ compiles what may be called through an interface, used or not.
template <class Row = TraceRow>
class Trace final : public Tracer {
 public:
  std::vector<Row> rows;

  void enter(std::string_view name) override {
    open_.push_back({path_.size(), rows.size()});
    if (!path_.empty()) path_ += '.';
    path_ += name;
  }
  void row(const Description& layer, const Passing& input, const Passing& output) override {
    rows.push_back({path_, layer(), input.shape, output.shape, rows.size() == open_.back().rows});
  }
  void leave() override {
    path_.resize(open_.back().path);
    open_.pop_back();
  }

 private:
  struct Open {
    std::size_t path, rows;  // how long they were before
  };
  std::string path_;
  std::vector<Open> open_;
};

template <class L, class T>
concept TakesContext = requires(const L& layer, const Tensor<T>& x, const Context& context) {
  layer.forward(x, context);
};
template <class L, class T>
concept HasForward = TakesContext<L, T> || requires(const L& layer, const Tensor<T>& x) {
  layer.forward(x);
};

/// layer.forward(x), with the Context if it takes one.
template <class L, class T>
auto call_forward(const L& layer, const Tensor<T>& x, const Context& context) {
  constexpr bool found = HasForward<L, T>;  // not in the assertion, which would explain both ways at length
  static_assert(
      found,
      "figment: a layer needs `forward(const Tensor<T>& x) const`, which may also take a const Context&");
  if constexpr (TakesContext<L, T>)
    return layer.forward(x, context);
  else if constexpr (found)
    return layer.forward(x);
  else
    return x;  // for the compiler to go on with
}

/// That an L can be held in a model of Ts, or an error that says what it lacks.
template <class L, class T>
constexpr bool check_layer() {
  constexpr bool copyable = std::is_copy_constructible_v<L>;
  // Without a visit the tensors in it would be neither trained nor saved.
  constexpr bool visited = is_visited<L, T>;
  static_assert(copyable, "figment: a layer is held by value, so it needs a copy constructor");
  static_assert(
      visited,
      "figment: a layer that holds tensors needs `void visit(auto&& v)`, which calls v(\"name\", tensor) "
      "for each; one that holds none, but other memory, needs an empty visit");
  // call_forward itself says so if there is none.
  constexpr bool tensor =
      std::is_same_v<decltype(call_forward(std::declval<const L&>(), std::declval<const Tensor<T>&>(), {})),
                     Tensor<T>>;
  static_assert(tensor, "figment: a layer's forward returns a Tensor<T> of the T that it takes");
  return copyable && visited && tensor && HasForward<L, T>;
}

template <class Y>
Passing passing(const Y& y) {
  if constexpr (requires { y.shape(); })
    return {y.shape(), y.storage()};
  else
    return {y.mean.shape(), y.mean.storage()};  // a distribution
}

/// Makes `tracer` the active one until the end of the scope.
class TraceWith {
 public:
  explicit TraceWith(Tracer& tracer) : before_(std::exchange(active_trace, &tracer)) {}
  ~TraceWith() { active_trace = before_; }
  TraceWith(const TraceWith&) = delete;
  TraceWith& operator=(const TraceWith&) = delete;

 private:
  Tracer* before_;
};

/// In the active trace, if there is one, inside the layer `name` until the end of the scope.
class TraceScope {
 public:
  explicit TraceScope(std::string_view name) {
    if (active_trace) active_trace->enter(name);
  }
  ~TraceScope() {
    if (active_trace) active_trace->leave();
  }
  TraceScope(const TraceScope&) = delete;
  TraceScope& operator=(const TraceScope&) = delete;
};

/// Throws the error being handled again, its message led by the layer's name or path.
[[noreturn, gnu::cold]] inline void rethrow_from(std::string_view name, const Description& layer) {
  try {
    throw;
  } catch (const LayerError& e) {
    throw LayerError(format("{}.{}", name, e.path), e.reason);
  } catch (const Error& e) {
    throw LayerError(format("{} {}", name, layer()), e.what());
  }
}

}  // namespace detail

/// layer.forward(x) as the part called `name` of a model: errors inside name the path to it.
template <class L, class T>
auto forward(std::string_view name, const L& layer, const Tensor<T>& x, const Context& context) {
  const detail::Description description = detail::description_of(layer);
  try {
    const detail::TraceScope scope(name);
    auto y = detail::call_forward(layer, x, context);
    if (detail::active_trace) detail::active_trace->row(description, detail::passing(x), detail::passing(y));
    return y;
  } catch (const Error&) {
    detail::rethrow_from(name, description);
  }
}

/// Runs a forward pass of zeros of shape `input` and lists the layers it went through, inner ones first.
template <class M>
std::vector<TraceRow> trace(const M& module, const Shape& input) {
  detail::Trace trace;
  const detail::TraceWith with(trace);
  NoGrad guard;
  Rng rng;
  detail::call_forward(module, Tensor<module_value_t<M>>::zeros(input),
                       Context{.training = false, .rng = &rng});
  return trace.rows;
}

}  // namespace figment
