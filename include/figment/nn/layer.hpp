// Calling a layer inside a model: with or without a Context, with its place in the error messages, and
// with a trace for whoever wants to see what passes through.
#pragma once

#include <vector>

#include "figment/nn/context.hpp"
#include "figment/nn/module.hpp"

namespace figment {

namespace detail {

/// An error with the path of the layer it happened in.
struct LayerError : Error {
  std::string path, reason;
  LayerError(std::string p, std::string r) : Error(p + ": " + r), path(std::move(p)), reason(std::move(r)) {}
};

template <class L>
std::string type_name() {
  const std::string_view text = __PRETTY_FUNCTION__;  // "… [with L = NAME; …]" or "… [L = NAME]"
  std::string_view name = text.substr(text.find("L = ") + 4);
  name = name.substr(0, name.find_first_of(";]"));
  name = name.substr(0, name.find('<'));
  return std::string(name.substr(name.rfind(':') + 1));
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
  std::string path, layer;
  Shape input, output;
  bool leaf = true;  ///< no other layer inside
};

namespace detail {

struct Trace {
  std::string path;
  std::vector<TraceRow> rows;
};
inline thread_local Trace* active_trace = nullptr;

/// layer.forward(x), with the Context if it takes one.
template <class L, class T>
auto call_forward(const L& layer, const Tensor<T>& x, const Context& context) {
  constexpr bool with = requires { layer.forward(x, context); }
  , without = requires { layer.forward(x); };
  static_assert(
      with || without,
      "figment: a layer needs `forward(const Tensor<T>& x) const`, which may also take a const Context&");
  if constexpr (with)
    return layer.forward(x, context);
  else
    return layer.forward(x);
}

template <class Y>
Shape shape_of(const Y& y) {
  if constexpr (requires { y.shape(); })
    return y.shape();
  else
    return y.mean.shape();  // a distribution
}

/// Extends the active trace's path by one name, if there is a trace, until the end of the scope.
class TraceScope {
 public:
  explicit TraceScope(std::string_view name) {
    if (!active_trace) return;
    outer_ = active_trace->path;
    active_trace->path += (outer_.empty() ? "" : ".") + std::string(name);
    before_ = active_trace->rows.size();
  }
  ~TraceScope() {
    if (active_trace) active_trace->path = outer_;
  }
  TraceScope(const TraceScope&) = delete;
  TraceScope& operator=(const TraceScope&) = delete;

  void row(std::string layer, const Shape& input, const Shape& output) {
    auto& rows = active_trace->rows;
    rows.push_back({active_trace->path, std::move(layer), input, output, rows.size() == before_});
  }

 private:
  std::string outer_;
  std::size_t before_ = 0;
};

/// Throws the error being handled again, its message led by the layer's name or path.
[[noreturn]] inline void rethrow_from(std::string_view name, const std::string& layer) {
  try {
    throw;
  } catch (const LayerError& e) {
    throw LayerError(std::string(name) + "." + e.path, e.reason);
  } catch (const Error& e) {
    throw LayerError(std::string(name) + " " + layer, e.what());
  }
}

}  // namespace detail

/// layer.forward(x) as the part called `name` of a model: errors inside name the path to it.
template <class L, class T>
auto forward(std::string_view name, const L& layer, const Tensor<T>& x, const Context& context) {
  try {
    detail::TraceScope scope(name);
    auto y = detail::call_forward(layer, x, context);
    if (detail::active_trace) scope.row(describe(layer), x.shape(), detail::shape_of(y));
    return y;
  } catch (const Error&) {
    detail::rethrow_from(name, describe(layer));
  }
}

/// Runs a forward pass of zeros of shape `input` and lists the layers it went through, inner ones first.
template <class M>
std::vector<TraceRow> trace(const M& module, const Shape& input) {
  detail::Trace trace;
  struct Restore {
    detail::Trace* before;
    ~Restore() { detail::active_trace = before; }
  } restore{std::exchange(detail::active_trace, &trace)};
  NoGrad guard;
  Rng rng;
  detail::call_forward(module, Tensor<module_value_t<M>>::zeros(input),
                       Context{.training = false, .rng = &rng});
  return trace.rows;
}

}  // namespace figment
