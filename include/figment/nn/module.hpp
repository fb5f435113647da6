// Modules are plain structs with a forward and one visit; everything else follows from visit.
#pragma once

#include <iterator>
#include <string>
#include <utility>

#include "figment/autograd/record.hpp"

namespace figment {

/// Tags a tensor that is saved with a module but not trained: `v("running_mean", mean, buffer)`.
struct buffer_t {};
/// The tag itself.
inline constexpr buffer_t buffer{};

/// What a tensor is to its layer, for those who write it in another library's layout and by its name:
/// `v("weight", weight, Layout::dense)`. Files hold what declares nothing as it is.
enum class Layout {
  plain,           ///< as it is
  dense,           ///< (in, out); in PyTorch (out, in)
  conv,            ///< (kh, kw, in, out); in PyTorch (out, in, kh, kw); of sequences without kh
  conv_transpose,  ///< (kh, kw, out, in); in PyTorch (in, out, kh, kw)
  scale,           ///< (features,), a normalisation's gamma; in PyTorch `weight`
  shift,           ///< (features,), its beta; in PyTorch `bias`
  table,           ///< (labels, features), an embedding's rows; in PyTorch `weight`
  singular,        ///< (out,), the singular vector of spectral normalisation
  length,          ///< (out,), weight normalisation's g; in PyTorch (out, 1, …)
};

namespace detail {

template <class M>
struct module_value {
  using type = float;
};
template <class M>
requires requires { typename M::value_type; }
struct module_value<M> {
  using type = typename M::value_type;
};

}  // namespace detail

/// The number type of a module's tensors: its value_type, or float.
template <class M>
using module_value_t = typename detail::module_value<M>::type;

namespace detail {

/// One address for each type of member, which needs no run-time type information.
template <class M>
inline char member_tag = 0;

/// Where a visitor is. Apart from Visitor, and out of line: every module compiles the places that use it.
class VisitorPath {
 public:
  [[gnu::cold, gnu::noinline]] std::string join(std::string_view name) const {
    std::string path = path_;
    if (!path.empty()) path += '.';
    path += name;
    return path;
  }

  /// Goes one name deeper until the end of the scope.
  class Scope {
   public:
    [[gnu::cold, gnu::noinline]] Scope(VisitorPath& path, std::string_view name)
        : path_(path), outer_(std::exchange(path.path_, path.join(name))) {}
    [[gnu::cold, gnu::noinline]] ~Scope() { path_.path_ = std::move(outer_); }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    VisitorPath& path_;
    std::string outer_;
  };

 private:
  std::string path_;
};

}  // namespace detail

template <class T>
class Visitor;

namespace detail {

/// Its tensors are found. A type that copies as bytes has none.
template <class M, class T>
inline constexpr bool is_visited = std::is_trivially_copyable_v<M> || requires(M& m, Visitor<T>& v) {
  m.visit(v);
};

}  // namespace detail

/// Walks a module's tensors. A module's `visit(v)` calls v(name, member) for each tensor and each module
/// inside; members are named by the path to them, as "encoder.0.weight".
template <class T>
class Visitor {
 public:
  virtual ~Visitor() = default;

  /// A tensor that is trained.
  [[gnu::noinline]] void operator()(std::string_view name, Tensor<T>& t, Layout layout = Layout::plain) {
    layout_ = layout;
    tensor(path_.join(name), t, true);
  }
  /// A tensor that is saved, not trained.
  [[gnu::noinline]] void operator()(std::string_view name, Tensor<T>& t, buffer_t,
                                    Layout layout = Layout::plain) {
    layout_ = layout;
    tensor(path_.join(name), t, false);
  }
  /// A module inside: goes through its visit. It may have none if it holds no memory, as an activation. Of a
  /// vector, or another range, each element by its position, as "hidden.0.weight"; of an optional what it
  /// holds, if it does. A `tag` is that of each of their tensors.
  template <class M, class... Tag>
  void operator()(std::string_view name, M& member, Tag... tag) {
    constexpr bool plain = std::is_trivially_copyable_v<M> && !std::is_pointer_v<M>;
    if constexpr (detail::is_tensor<M>) {
      static_assert(!detail::is_tensor<M>,
                    "figment: the module's value_type differs from the type of its tensors");
    } else if constexpr (requires { member.visit(*this); }) {
      static_assert(sizeof...(Tag) == 0, "figment: a tag such as buffer is a tensor's, not a module's");
      detail::VisitorPath::Scope scope(path_, name);
      member.visit(*this);
    } else if constexpr (!plain && requires { member.has_value(), *member; }) {
      if (member.has_value()) (*this)(name, *member, tag...);
    } else if constexpr (!plain && requires { std::begin(member), std::end(member); }) {
      detail::VisitorPath::Scope scope(path_, name);
      Index position = 0;
      for (auto& element : member) (*this)(figment::format("{}", position++), element, tag...);
    } else {
      static_assert(
          plain,
          "figment: a member that is given to v needs a `void visit(auto&& v)` of its own; of a pointer "
          "give what it points to");
      other(path_, name, &detail::member_tag<M>, &member);
    }
  }

 protected:
  /// Told of each tensor, by its path.
  virtual void tensor(const std::string& path, Tensor<T>& t, bool trainable) = 0;
  /// Told of each member without tensors: where it is, and the address of member_tag of its type.
  virtual void other(const detail::VisitorPath& /*above*/, std::string_view /*name*/, const void* /*type*/,
                     const void* /*member*/) {}
  /// What the tensor that it is being told of was declared to be.
  Layout layout() const { return layout_; }

 private:
  detail::VisitorPath path_;
  Layout layout_ = Layout::plain;
};

namespace detail {

/// Tells the visitor of every tensor of a module.
template <class M>
void visit_tensors(M& module, Visitor<module_value_t<M>>& visitor) {
  constexpr bool visited = requires { module.visit(visitor); };
  static_assert(visited,
                "figment: a module needs `void visit(auto&& v)`, which calls v(\"name\", member) for each");
  if constexpr (visited) module.visit(visitor);
}

}  // namespace detail

/// Calls f(path, tensor, trainable), or f(path, tensor, trainable, layout), for every tensor of a module.
template <class M, class F>
void for_each_tensor(M& module, F&& f) {
  using T = module_value_t<M>;
  struct Call final : Visitor<T> {
    F& f;
    explicit Call(F& g) : f(g) {}
    void tensor(const std::string& path, Tensor<T>& t, bool trainable) override {
      if constexpr (std::is_invocable_v<F&, const std::string&, Tensor<T>&, bool, Layout>)
        f(path, t, trainable, this->layout());
      else
        f(path, t, trainable);
    }
  } call(f);
  detail::visit_tensors(module, call);
}

namespace detail {

/// Lists the parameters, until there are two leaves of the graph over one memory: each would have a part of
/// the gradient. On a second walk it then finds the first of them.
template <class T>
struct ParameterList final : Visitor<T> {
  TensorList<T> list;
  const void* shared = nullptr;  ///< the memory of the two
  std::string first, second;     ///< their paths

  [[gnu::cold]] ~ParameterList() override {}
  [[gnu::cold]] void tensor(const std::string& path, Tensor<T>& t, bool trainable) override {
    if (!trainable) return;
    if (shared) {
      if (first.empty() && t.data() == shared) first = path;
      return;
    }
    const std::size_t tied = find_tied(list, t);
    if (tied == list.size()) return append(list, t);
    if (list[tied].node().get() != t.node().get()) shared = t.data(), second = path;
  }
};

/// The parameters for `op`, which is refused such leaves.
template <class M>
TensorList<module_value_t<M>> parameters_for(const char* op, M& module) {
  ParameterList<module_value_t<M>> all;
  visit_tensors(module, all);
  if (all.shared) [[unlikely]] {
    visit_tensors(module, all);
    fail(
        "{}: {} and {} are one memory but two parameters: to tie them copy the tensor, as in b.weight = "
        "a.weight",
        op, all.first, all.second);
  }
  return std::move(all.list);
}

}  // namespace detail

/// The trainable tensors, in visiting order, as handles to the module's own memory. Tied ones, which are one
/// tensor by two names, are listed once. Throws where two parameters were made of one memory, naming both.
template <class M>
TensorList<module_value_t<M>> parameters(M& module) {
  return detail::parameters_for("parameters", module);
}

/// A module's tensors by path, buffers too.
template <class M>
std::vector<std::pair<std::string, Tensor<module_value_t<M>>>> named_tensors(M& module) {
  std::vector<std::pair<std::string, Tensor<module_value_t<M>>>> list;
  for_each_tensor(module, [&](const std::string& path, auto& t, bool) { list.emplace_back(path, t); });
  return list;
}

/// How many numbers a module holds.
struct ParameterCount {
  Index trainable = 0, fixed = 0;  ///< of parameters, of buffers
};
/// Counts the numbers in a module's tensors, tied ones once.
template <class M>
ParameterCount count_parameters(M& module) {
  ParameterCount count;
  TensorList<module_value_t<M>> seen;
  for_each_tensor(module, [&](const std::string&, auto& t, bool trainable) {
    if (detail::find_tied(seen, t) < seen.size()) return;
    seen.push_back(t);
    (trainable ? count.trainable : count.fixed) += t.size();
  });
  return count;
}

/// A module of the same values in memory of its own, tied where it was. (A plain copy shares its tensors, as
/// handles do.) Throws as parameters() does.
template <class M>
M clone(const M& module) {
  M copy = module;
  detail::parameters_for("clone", copy);
  TensorList<module_value_t<M>> from, to;
  for_each_tensor(copy, [&](const std::string&, auto& t, bool trainable) {
    const std::size_t i = detail::find_tied(from, t);
    if (i == from.size()) {
      from.push_back(t);
      to.push_back(trainable ? parameter(t.clone()) : t.clone());
    }
    t = to[i];
  });
  return copy;
}

}  // namespace figment
