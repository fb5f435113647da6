// Layers report themselves: to whoever traces a forward pass, and in the errors that happen inside them.
#pragma once

#include <span>
#include <tuple>
#include <vector>

#include "figment/nn/module.hpp"

namespace figment {

namespace io {
class OnnxWriter;
}

namespace detail {

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

namespace detail {

/// A tensor of a module by its name there. The memory says which one it is in a module around that one.
struct NamedMemory {
  std::string name;
  const void* memory;
  Index size;
};
using NamedMemories = std::vector<NamedMemory>;

template <class T>
struct ListMemory final : Visitor<T> {
  NamedMemories& list;
  explicit ListMemory(NamedMemories& l) : list(l) {}
  void tensor(const std::string& path, Tensor<T>& t, bool) override {
    if (t.size() > 0) list.push_back({path, t.data(), t.size()});
  }
};

template <class L>
concept OwnOnnx = requires(const L& layer, io::OnnxWriter& to, const std::string& x) {
  { layer.onnx(to, x) } -> std::same_as<std::string>;
};

/// One address for each type, which needs no run-time type information.
template <class L>
inline char type_tag = 0;

/// What can be done with a layer whose type was forgotten.
struct LayerType {
  const void* tag;
  std::string (*describe)(const void* layer);
  void (*tensors)(const void* layer, NamedMemories& list);
  /// Only of the library's layers, and of those with an export of their own; null of others.
  const void* (*copy)(const void* layer);
  void (*destroy)(const void* layer);
  std::string (*onnx)(const void* layer, io::OnnxWriter& to, const std::string& x);
};

template <class L>
void list_tensors(const void* layer, NamedMemories& list) {
  using T = module_value_t<L>;
  // visit is not const, as it may also serve to change tensors, which this does not.
  auto& module = const_cast<L&>(*static_cast<const L*>(layer));
  if constexpr (requires(Visitor<T> & v) { module.visit(v); }) {
    ListMemory<T> visitor(list);
    module.visit(static_cast<Visitor<T>&>(visitor));
  }
}

template <class L>
std::string describe_layer(const void* layer) {
  return figment::describe(*static_cast<const L*>(layer));
}

template <class L, bool copied>
constexpr LayerType type_of_layer() {
  LayerType type{&type_tag<L>, &describe_layer<L>, &list_tensors<L>, nullptr, nullptr, nullptr};
  if constexpr (copied || OwnOnnx<L>) {
    type.copy = [](const void* l) -> const void* { return new L(*static_cast<const L*>(l)); };
    type.destroy = [](const void* l) { delete static_cast<const L*>(l); };
  }
  if constexpr (OwnOnnx<L>)
    type.onnx = [](const void* l, io::OnnxWriter& to, const std::string& x) {
      return static_cast<const L*>(l)->onnx(to, x);
    };
  return type;
}
template <class L, bool copied>
inline constexpr LayerType layer_type = type_of_layer<L, copied>();

/// A layer that is there, its type forgotten.
struct Description {
  const void* layer = nullptr;
  const LayerType* type = nullptr;

  std::string operator()() const { return type->describe(layer); }
  /// The same object as the same type: a member that is a struct's first has the struct's address too.
  bool is(const Description& other) const {
    return layer && layer == other.layer && type->tag == other.type->tag;
  }
  NamedMemories tensors() const {
    NamedMemories list;
    type->tensors(layer, list);
    return list;
  }
};
template <class L, bool copied = false>
Description description_of(const L& layer) {
  return {&layer, &layer_type<L, copied>};
}

/// The places in a module that a layer of these tensors may have: more than one where tensors are tied, none
/// where the module has none of them.
[[gnu::cold]] inline std::vector<std::string> places_of(std::span<const NamedMemory> layer,
                                                        std::span<const NamedMemory> module) {
  std::vector<std::string> places;
  for (const NamedMemory& own : layer)
    for (const NamedMemory& there : module) {
      if (there.memory != own.memory) continue;
      // "net.0.weight" is the "0.weight" of "net"; by another name it is a tensor of what is around it.
      std::string_view place = there.name;
      if (place == own.name)
        place = {};
      else if (place.ends_with(own.name) && place[place.size() - own.name.size() - 1] == '.')
        place.remove_suffix(own.name.size() + 1);
      else
        place = place.substr(0, place.rfind('.') == place.npos ? 0 : place.rfind('.'));
      bool known = false;
      for (const auto& p : places) known = known || p == place;
      if (!known) places.push_back(std::string(place));
    }
  return places;
}

[[gnu::cold]] inline std::string join_paths(std::string_view outer, std::string_view inner) {
  std::string path(outer);
  if (!outer.empty() && !inner.empty()) path += '.';
  return path += inner;
}

/// An error with the layer it happened in, and that one's path as far as it is known by now.
struct [[gnu::visibility("default")]] LayerError : Error {
  std::string path, layer, reason;
  /// Tensors that tell where the layer is: its own, and those of modules that have it. Each group ends with
  /// the layer's path from there, which has no memory.
  NamedMemories landmarks;
  Description reporter;  ///< to be compared only: it may be gone

  [[gnu::cold]] LayerError(std::string p, std::string l, std::string r, NamedMemories marks, Description from)
      : Error(figment::format("{}{}{}: {}", p, p.empty() || l.empty() ? "" : " ", l, r)),
        path(std::move(p)),
        layer(std::move(l)),
        reason(std::move(r)),
        landmarks(std::move(marks)),
        reporter(from) {}

  [[gnu::cold, gnu::noinline]] ~LayerError() override {}

  /// Sets the path to the one in a module of these tensors, if they tell.
  [[gnu::cold]] bool find_in(const NamedMemories& module) {
    auto begin = landmarks.begin();
    for (auto end = begin; end != landmarks.end(); ++end) {
      if (end->memory) continue;
      if (const auto places = places_of({begin, end}, module); !places.empty()) {
        path = join_paths(places[0], end->name);
        return true;
      }
      begin = end + 1;
    }
    return false;
  }
};

/// Throws the error being handled again, led by the layer that has called itself `layer`, or that its caller
/// calls `name`.
[[noreturn, gnu::cold, gnu::noinline]] inline void rethrow_from(const std::string_view* name,
                                                                const Description& layer) {
  const std::string_view called = name ? *name : std::string_view();
  const Description reporter = name ? Description{} : layer;
  NamedMemories tensors = layer.tensors();
  try {
    throw;
  } catch (LayerError& e) {
    const bool placed = (name && e.reporter.is(layer)) || e.find_in(tensors);
    if (name && !placed && e.path.empty())  // a layer that nothing tells the place of
      e.reason = figment::format("{}: {}", e.layer, e.reason);
    if (e.path.empty() && (name || placed)) e.layer = layer();
    if (!name) {
      for (auto& t : tensors) e.landmarks.push_back(std::move(t));
      e.landmarks.push_back({e.path, nullptr, 0});
    }
    throw LayerError(join_paths(called, e.path), std::move(e.layer), std::move(e.reason),
                     std::move(e.landmarks), reporter);
  } catch (const Error& e) {
    tensors.push_back({{}, nullptr, 0});
    throw LayerError(std::string(called), layer(), e.what(), std::move(tensors), reporter);
  }
}

/// The same in a model whose tensors may tell where in it the layer is.
[[noreturn, gnu::cold, gnu::noinline]] inline void rethrow_of(const Description& model) {
  try {
    throw;
  } catch (LayerError& e) {
    if (!e.find_in(model.tensors())) throw;
    throw LayerError(std::move(e.path), std::move(e.layer), std::move(e.reason), std::move(e.landmarks), {});
  }
}

/// f(), its errors led by the path in `model` of the layer they happened in, even where the model calls it
/// by no name.
template <class M, class F>
auto located(const M& model, F&& f) {
  try {
    return f();
  } catch (const LayerError&) {
    rethrow_of(description_of(model));
  }
}

/// f(name, tensor) for what a forward returned: a tensor, a distribution's mean and log_var, a pair or a
/// tuple of tensors. Of anything else nothing is known.
template <class Y, class F>
void each_output(const Y& y, const F& f) {
  if constexpr (requires { y.storage(); }) {
    f("output", y);
  } else if constexpr (requires { y.mean.storage(), y.log_var.storage(); }) {
    f("mean", y.mean), f("log_var", y.log_var);
  } else if constexpr (requires { std::tuple_size<Y>::value; }) {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (each_output(std::get<I>(y),
                   [&](const std::string& name, const auto& t) { f(name + "_" + std::to_string(I), t); }),
       ...);
    }
    (std::make_index_sequence<std::tuple_size_v<Y>>());
  }
}

/// The tensors of what goes into a layer, or comes out of it.
template <class Y>
[[gnu::cold]] std::vector<Passing> passing(const Y& y) {
  std::vector<Passing> list;
  each_output(y, [&](const auto&, const auto& t) { append(list, t.shape(), t.storage()); });
  return list;
}

/// Told of the layers that a forward pass goes through, and of the operations. An interface, so that only
/// programs that trace compile what comes of it.
class Tracer : public OpListener {
 public:
  /// A layer begins, by the name that its caller has for it or none. False when it is the one that has just
  /// begun, which says so once more itself; it does not end then.
  virtual bool enter(std::string_view name, const Description& layer) = 0;
  /// The layer that has begun goes on as another, which is a part of it that nobody sees.
  virtual void go_on_as(const Description& part) = 0;
  /// The layer last entered and not left is done.
  virtual void row(std::span<const Passing> inputs, std::span<const Passing> outputs) = 0;
  virtual void leave() = 0;

 protected:
  ~Tracer() = default;
};
inline thread_local Tracer* active_trace = nullptr;

/// Makes `tracer` the active one until the end of the scope.
class TraceWith {
 public:
  explicit TraceWith(Tracer& tracer)
      : before_(std::exchange(active_trace, &tracer)), listener_(std::exchange(op_listener, &tracer)) {}
  ~TraceWith() { active_trace = before_, op_listener = listener_; }
  TraceWith(const TraceWith&) = delete;
  TraceWith& operator=(const TraceWith&) = delete;

 private:
  Tracer* before_;
  OpListener* listener_;
};

/// In the active trace, if there is one, inside a layer until the end of the scope.
class TraceScope {
 public:
  TraceScope(std::string_view name, const Description& layer)
      : open_(active_trace && active_trace->enter(name, layer)) {}
  ~TraceScope() {
    if (open_) active_trace->leave();
  }
  TraceScope(const TraceScope&) = delete;
  TraceScope& operator=(const TraceScope&) = delete;

  template <class X, class Y>
  void done(const X& x, const Y& y) {
    if (open_) [[unlikely]]
      tell(x, y);
  }

 private:
  template <class X, class Y>
  [[gnu::cold, gnu::noinline]] static void tell(const X& x, const Y& y) {
    active_trace->row(passing(x), passing(y));
  }
  bool open_;
};

/// Apart from reported: compiled once for each number type.
template <class T, class X>
[[gnu::noinline]] Tensor<T> reported_erased(const Description& layer, const X& x,
                                            Tensor<T> (*compute)(const void*), const void* closure) {
  try {
    if (!active_trace) [[likely]]
      return compute(closure);
    TraceScope scope({}, layer);
    Tensor<T> y = compute(closure);
    scope.done(x, y);
    return y;
  } catch (const Error&) {
    rethrow_from(nullptr, layer);
  }
}

template <class T, class F>
Tensor<T> call_closure(const void* f) {
  return (*static_cast<const F*>(f))();
}

/// What a layer's forward makes of x, compute(), as its own forward says it: so that errors name the layer
/// and a trace sees it, whoever calls it and however.
template <class L, class T, class F>
Tensor<T> reported(const L& layer, const Tensor<T>& x, const F& compute) {
  return reported_erased<T>(description_of<L, true>(layer), x, &call_closure<T, F>, &compute);
}
/// The same of a layer of Ts that takes positions.
template <class T, class L, class F>
Tensor<T> reported(const L& layer, const Tensor<std::int32_t>& x, const F& compute) {
  return reported_erased<T>(description_of<L, true>(layer), x, &call_closure<T, F>, &compute);
}

}  // namespace detail

}  // namespace figment
