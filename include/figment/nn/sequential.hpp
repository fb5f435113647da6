// Layers one after the other.
#pragma once

#include <memory>

#include "figment/nn/layer.hpp"

namespace figment {

/// A layer with a name of its own, for Sequential{named("hidden", Linear(2, 3, rng)), …}.
template <class L>
struct Named {
  std::string name;  ///< unlike any other in its Sequential
  L layer;           ///< of any type
};
/// The layer with that name.
template <class L>
Named<L> named(std::string name, L layer) {
  return {std::move(name), std::move(layer)};
}

namespace detail {

/// The number type of the first layer that has one (an activation has none), or float.
template <class... Layers>
struct layers_value {
  using type = float;
};
template <class First, class... Rest>
struct layers_value<First, Rest...> : layers_value<Rest...> {};
template <class First, class... Rest>
requires requires { typename First::value_type; }
struct layers_value<First, Rest...> {
  using type = typename First::value_type;
};
template <class L, class... Rest>
struct layers_value<Named<L>, Rest...> : layers_value<L, Rest...> {};

}  // namespace detail

/// A module that applies layers of any type in order; each is held by value and named by its position.
/// Write it with braces: they evaluate the layers, and so draw the initial weights, from left to right.
///
///   Sequential net{Linear(784, 256, rng), Relu{}, Linear(256, 10, rng)};
///   net.get<Linear<>>(0).weight;                                    // a layer as what it is
///   for (const auto& layer : net) x = layer(x, context), layer.describe();
template <class T = float>
class Sequential {
 public:
  using value_type = T;

  /// A layer of a Sequential, whatever its type.
  class Layer {
   public:
    using value_type = T;  ///< of the numbers
    virtual ~Layer() = default;
    /// Its position as text, or the name that it was given.
    const std::string& name() const { return name_; }
    /// Its type and options.
    std::string describe() const { return described()(); }
    /// What it makes of x.
    virtual Tensor<T> forward(const Tensor<T>& x, const Context& context = {}) const = 0;
    /// forward(x, context).
    Tensor<T> operator()(const Tensor<T>& x, const Context& context = {}) const {
      return forward(x, context);
    }
    /// As an L, or null if it is another type's.
    template <class L>
    const L* as() const {
      const detail::Description layer = described();
      return layer.type->tag == &detail::type_tag<L> ? static_cast<const L*>(layer.layer) : nullptr;
    }
    /// The same to change it.
    template <class L>
    L* as() {
      return const_cast<L*>(std::as_const(*this).template as<L>());
    }
    /// Visits it by its name.
    virtual void visit(Visitor<T>& v) = 0;

   private:
    friend Sequential;
    explicit Layer(std::string name) : name_(std::move(name)) {}
    virtual detail::Description described() const = 0;
    virtual std::unique_ptr<Layer> copy() const = 0;
    std::string name_;
  };

  /// No layers: the identity.
  Sequential() = default;
  /// Layers and named() ones, from the first to the last.
  template <class First, class... Rest>
  requires(sizeof...(Rest) > 0 || !std::is_same_v<First, Sequential>) explicit Sequential(First first,
                                                                                          Rest... rest) {
    add(std::move(first));
    (add(std::move(rest)), ...);
  }
  /// A copy of the layers, whose tensors are handles to the same memory; clone() copies that.
  Sequential(const Sequential& other) {
    for (const auto& l : other.layers_) hold(l->copy());
  }
  /// Takes the layers.
  Sequential(Sequential&&) noexcept = default;
  /// Replaces the layers.
  Sequential& operator=(Sequential other) noexcept {
    layers_.swap(other.layers_);
    return *this;
  }

  /// Appends a layer, named by its position. One that cannot be used fails to compile, with a line that says
  /// why.
  template <class L>
  void add(L layer) {
    if constexpr (detail::check_layer<L, T>()) append(Owned(new Held<L>({}, std::move(layer))));
  }
  /// Appends a layer with its name. Throws when another has it.
  template <class L>
  void add(Named<L> layer) {
    if constexpr (detail::check_layer<L, T>())
      push(Owned(new Held<L>(std::move(layer.name), std::move(layer.layer))));
  }
  /// Appends another's layers, sharing their weights, renamed by position.
  void append(const Sequential& other) {
    const std::size_t n = other.layers_.size();  // it may be this one
    for (std::size_t i = 0; i < n; ++i) append(other.layers_[i]->copy());
  }

  /// The number of layers.
  Index size() const { return static_cast<Index>(layers_.size()); }
  /// Layer i, from the end if negative. Throws where there is none.
  Layer& operator[](Index i) { return at(i); }
  /// The same to read it.
  const Layer& operator[](Index i) const { return at(i); }
  /// The layer with that name. Throws where there is none.
  Layer& operator[](std::string_view name) { return at(name); }
  /// The same to read it.
  const Layer& operator[](std::string_view name) const { return at(name); }

  /// Layer i, or the one with that name, as the L that it is: net.get<Linear<>>(0). Throws if it is another
  /// type's.
  template <class L, class Place>
  L& get(const Place& place) {
    return const_cast<L&>(std::as_const(*this).template get<L>(place));
  }
  /// The same to read it.
  template <class L, class Place>
  const L& get(const Place& place) const {
    const Layer& layer = (*this)[place];
    const L* found = layer.template as<L>();
    ensure(found != nullptr, "Sequential: layer '{}' is {}, not of the type asked for", layer.name(),
           layer.describe());
    return *found;
  }

  /// Goes from layer to layer.
  template <class Reference>
  class Iterator {
   public:
    using difference_type = std::ptrdiff_t;               ///< of places
    using value_type = Layer;                             ///< what it goes over
    Iterator() = default;                                 ///< at no layer
    Reference& operator*() const { return **at_; }        ///< the layer
    Reference* operator->() const { return at_->get(); }  ///< the layer's members
    Iterator& operator++() { return ++at_, *this; }       ///< to the next
    Iterator operator++(int) { return Iterator(at_++); }  ///< to the next, giving this place
    bool operator==(const Iterator&) const = default;     ///< at the same layer

   private:
    friend Sequential;
    explicit Iterator(const std::unique_ptr<Layer>* at) : at_(at) {}
    const std::unique_ptr<Layer>* at_ = nullptr;
  };
  /// The first layer.
  Iterator<Layer> begin() { return Iterator<Layer>(layers_.data()); }
  /// Behind the last.
  Iterator<Layer> end() { return Iterator<Layer>(layers_.data() + layers_.size()); }
  /// The first layer, to read.
  Iterator<const Layer> begin() const { return Iterator<const Layer>(layers_.data()); }
  /// Behind the last.
  Iterator<const Layer> end() const { return Iterator<const Layer>(layers_.data() + layers_.size()); }

  /// What the last layer makes of what the one before it makes, and so on, of x.
  Tensor<T> forward(const Tensor<T>& x, const Context& context = {}) const {
    return detail::reported(*this, x, [&] {
      Tensor<T> y = x;
      for (const auto& l : layers_) y = l->forward(y, context);
      return y;
    });
  }
  /// forward(x, context).
  Tensor<T> operator()(const Tensor<T>& x, const Context& context = {}) const { return forward(x, context); }

  void visit(auto&& v) {
    for (const auto& l : layers_) l->visit(v);
  }

 private:
  // Layers are made as this at once: a unique_ptr of every type of layer would be compiled besides.
  using Owned = std::unique_ptr<Layer>;

  template <class L>
  struct Held final : Layer {
    L layer;
    Held(std::string n, L&& l) : Layer(std::move(n)), layer(std::move(l)) {}
    Tensor<T> forward(const Tensor<T>& x, const Context& context) const override {
      return figment::forward(this->name(), layer, x, context);
    }
    void visit(Visitor<T>& v) override { v(this->name(), layer); }
    detail::Description described() const override { return detail::description_of(layer); }
    Owned copy() const override { return Owned(new Held(*this)); }
  };

  // Out of line, as any type of layer is added by them.
  [[gnu::noinline]] void append(Owned layer) {
    layer->name_ = figment::format("{}", layers_.size());
    push(std::move(layer));
  }
  [[gnu::noinline]] void push(Owned layer) {
    for (const auto& l : layers_)
      ensure(l->name_ != layer->name_, "Sequential: two layers are named '{}'", layer->name_);
    hold(std::move(layer));
  }
  [[gnu::noinline]] void hold(Owned layer) { layers_.push_back(std::move(layer)); }

  [[gnu::cold, gnu::noinline]] Layer& at(Index i) const {
    ensure(i >= -size() && i < size(), "Sequential: no layer {} among {}", i, size());
    return *layers_[static_cast<std::size_t>(i < 0 ? i + size() : i)];
  }
  [[gnu::cold, gnu::noinline]] Layer& at(std::string_view name) const {
    for (const auto& l : layers_)
      if (l->name_ == name) return *l;
    fail("Sequential: no layer is named '{}'", name);
  }

  std::vector<Owned> layers_;
};
/// The number type is that of the first layer that has one, or float.
template <class First, class... Rest>
Sequential(First, Rest...) -> Sequential<typename detail::layers_value<First, Rest...>::type>;

}  // namespace figment
