// A recorded operation: what it read, what it gave, and the rule from dy to its inputs' gradients.
#pragma once

#include <atomic>
#include <memory>
#include <new>
#include <span>

#include "figment/core/tensor.hpp"

namespace figment {

template <class T>
class Saved;
template <class T>
class OutputGradients;
template <class T>
class InputGradients;

/// What an operation's rule reads back: unkept values cost no memory, and may change in place.
enum class Keep : unsigned { nothing = 0, inputs = 1, output = 2, all = 3 };

namespace detail {

inline bool keeps(Keep keep, Keep what) {
  return (static_cast<unsigned>(keep) & static_cast<unsigned>(what)) != 0;
}

/// A tensor named in an initializer list, without a copy.
template <class T>
struct Operand {
  const Tensor<T>* tensor;
  Operand(const Tensor<T>& t) : tensor(&t) {}  // NOLINT(google-explicit-constructor): {a, b} converts
  /// Takes what is none, to say so: the compiler only would that no record fits.
  template <class A>
  Operand(const A&) : tensor(nullptr) {  // NOLINT(google-explicit-constructor)
    static_assert(
        std::is_same_v<A, Tensor<T>>,
        "figment: record's inputs are tensors of the output's type; its rule captures what else it needs");
  }
};

/// A tensor as a graph holds it, with the version its memory had. Rules that capture a mask or positions
/// keep them so.
template <class T>
struct Kept {
  Tensor<T> tensor;
  std::uint32_t version = 0;

  Kept() = default;
  explicit Kept(Tensor<T> t) : tensor(std::move(t)), version(tensor.version()) {}
  /// Of t its version, and either its values or its shape alone.
  Kept(const Tensor<T>& t, bool values) : tensor(values ? t : t.forget()), version(t.version()) {}

  /// Throws if the memory has changed since; `what` it was to the operation.
  void confirm(const char* op, const char* what) const {
    ensure(
        tensor.version() == version,
        "{}: {} (shape {}) was changed in place, or given out for writing, after the operation used it; take "
        "the gradient before the change",
        op, what, tensor.shape());
  }
};

/// A rule behind two function pointers: one class for all operations compiles faster than one for each.
template <class T>
struct ErasedRule {
  void (*call)(const void* rule, const Saved<T>&, const Tensor<T>& dy, InputGradients<T>&) = nullptr;
  void (*move)(void* to, void* from) = nullptr;
  void (*destroy)(void* rule) = nullptr;
  std::size_t bytes = 0;
};

/// A graph's node. Leaves have no inputs and no rule. Identifiers rise with creation, so that inputs come
/// before results: the order of the backward walk. The node of an operation of several outputs holds one for
/// each of them, its parts, in its own block: who has an output holds its part, and any part that is held
/// holds the whole.
template <class T>
class Node final : public Counted {
 public:
  const char* name() const { return name_; }
  std::uint64_t id() const { return id_; }
  std::span<const Kept<T>> inputs() const { return {inputs_, count_}; }
  const Kept<T>& output() const { return output_; }
  /// The nodes of the outputs, where there are several; otherwise none, as output() is the one.
  std::span<const Node> parts() const { return {parts_begin(), part_count_}; }
  /// Of a part the node it is of; otherwise null.
  Node* whole() const { return whole_; }
  bool leaf() const { return count_ == 0 && !whole_; }
  /// For a tensor that is this node's output.
  Ref<Counted> handle() const {
    Node* const self = const_cast<Node*>(this);
    if (self->hold() && whole_) whole_->hold();
    return Ref<Counted>::adopt(self);
  }
  /// The identifier of the last node that was made.
  static std::uint64_t newest_id() { return newest.load(std::memory_order_relaxed); }

  void differentiate(const Saved<T>& saved, const Tensor<T>& dy, InputGradients<T>& dx) const {
    rule_.call(rule_data(), saved, dy, dx);
  }

  /// A new node; its inputs and room for what the rule captures are in the same block, behind it.
  static Node* make(const char* name, std::span<const Operand<T>> inputs, const Tensor<T>& output, Keep keep,
                    const ErasedRule<T>& rule = {}) {
    const std::size_t bytes = sizeof(Node) + inputs.size() * sizeof(Kept<T>) + rule.bytes;
    Node* const node = new (MemoryPool::allocate(bytes)) Node(name, inputs, 0, keep, rule, bytes);
    node->output_ = Kept<T>(output.detach(), keeps(keep, Keep::output));
    return node;
  }
  /// The same of several outputs, whose parts are in the block too.
  static Node* make(const char* name, std::span<const Operand<T>> inputs, std::span<const Tensor<T>> outputs,
                    Keep keep, const ErasedRule<T>& rule) {
    const std::size_t bytes =
        (1 + outputs.size()) * sizeof(Node) + inputs.size() * sizeof(Kept<T>) + rule.bytes;
    Node* const node =
        new (MemoryPool::allocate(bytes)) Node(name, inputs, outputs.size(), keep, rule, bytes);
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      Node* const part = new (node->parts_begin() + i) Node(name, {}, 0, keep, {}, 0);
      part->output_ = Kept<T>(outputs[i].detach(), keeps(keep, Keep::output));
      part->whole_ = node;
    }
    return node;
  }
  void* rule_data() const { return inputs_ + count_; }

 private:
  Node(const char* name, std::span<const Operand<T>> inputs, std::size_t parts, Keep keep,
       const ErasedRule<T>& rule, std::size_t bytes)
      : name_(name),
        count_(static_cast<std::uint32_t>(inputs.size())),
        part_count_(static_cast<std::uint32_t>(parts)),
        bytes_(bytes),
        rule_(rule) {
    inputs_ = reinterpret_cast<Kept<T>*>(parts_begin() + parts);
    for (std::size_t i = 0; i < count_; ++i) {
      const Tensor<T>& t = *inputs[i].tensor;
      new (inputs_ + i) Kept<T>(t, keeps(keep, Keep::inputs));
    }
  }
  // Not taken into itself, as its parts' end.
  [[gnu::noinline]] ~Node() override {
    if (rule_.destroy) rule_.destroy(rule_data());
    std::destroy_n(inputs_, count_);
    for (std::size_t i = 0; i < part_count_; ++i) parts_begin()[i].~Node();
  }
  Node* parts_begin() const { return const_cast<Node*>(this) + 1; }

  // A node's end drops its inputs, whose end drops theirs: a long chain would overflow the stack. So the
  // dead queue up, and the first one's destroy ends them all.
  void destroy() noexcept override {
    if (whole_) {  // a part stays where it is, and no longer holds the whole
      Ref<Counted>::adopt(whole_);
      return;
    }
    static thread_local Node* dead = nullptr;
    static thread_local bool burying = false;
    next_dead_ = std::exchange(dead, this);
    if (burying) return;
    burying = true;
    while (dead) {
      Node* node = std::exchange(dead, dead->next_dead_);
      const std::size_t bytes = node->bytes_;
      node->~Node();
      MemoryPool::deallocate(node, bytes);
    }
    burying = false;
  }

  static inline std::atomic<std::uint64_t> newest{0};

  const char* name_;
  std::uint64_t id_ = newest.fetch_add(1, std::memory_order_relaxed) + 1;
  Kept<T>* inputs_ = nullptr;
  std::uint32_t count_, part_count_;
  std::size_t bytes_;
  ErasedRule<T> rule_;
  Kept<T> output_;
  Node *next_dead_ = nullptr, *whole_ = nullptr;
};

/// The node a tensor came from; null for constants.
template <class T>
Node<T>* node_of(const Tensor<T>& t) {
  return static_cast<Node<T>*>(t.node().get());
}

/// What of the graph a rule has read: a bit for each input, gradient of an output, and output. Those beyond
/// the ones that have a bit are not watched.
using Reads = std::uint64_t;
inline Reads read_input(std::size_t i) { return i < 32 ? Reads{1} << i : 0; }
inline Reads read_dy(std::size_t i) { return i < 16 ? Reads{1} << (32 + i) : 0; }
inline Reads read_output(std::size_t i) { return i < 16 ? Reads{1} << (48 + i) : 0; }

}  // namespace detail

/// What a rule reads: the inputs and the output of its operation, as they were. With create_graph its
/// gradients must follow from all it reads of the graph, in recorded operations.
template <class T>
class Saved {
 public:
  /// Made by the engine, which asks for what was read of the graph or gives null.
  explicit Saved(const detail::Node<T>& node, detail::Reads* reads = nullptr) : node_(node), reads_(reads) {}

  // Out of line, as what they call: each rule asks for its inputs.
  /// Input i. Throws when it was not kept, or was changed in place since.
  [[gnu::noinline]] const Tensor<T>& in(std::size_t i) const {
    const auto& kept = input(i);
    confirm(kept, "an input");
    if (reads_ && kept.tensor.tracked()) *reads_ |= detail::read_input(i);
    return kept.tensor;
  }
  /// The output, or output i of several. Throws when it was not kept, or was changed in place since.
  [[gnu::noinline]] Tensor<T> out(std::size_t i = 0) const {
    Tensor<T> y = constant_out(i);
    y.set_node(node_of_output(i).handle());
    if (reads_) *reads_ |= detail::read_output(i);
    return y;
  }
  /// Input i outside the graph, for what the gradient's own derivative by it is 0: a mask made of it, say.
  Tensor<T> constant_in(std::size_t i) const {
    const auto& kept = input(i);
    confirm(kept, "an input");
    return kept.tensor.detach();
  }
  /// The output, or output i of several, in the same way.
  Tensor<T> constant_out(std::size_t i = 0) const {
    const auto& kept = node_of_output(i).output();
    confirm(kept, node_.parts().empty() ? "the output" : "an output");
    return kept.tensor;
  }
  /// The shape of input i, which is always kept.
  const Shape& in_shape(std::size_t i) const { return input(i).tensor.shape(); }
  /// How many inputs the operation had.
  std::size_t inputs() const { return node_.inputs().size(); }

 private:
  friend class OutputGradients<T>;
  [[gnu::noinline]] const detail::Node<T>& node_of_output(std::size_t i) const {
    const auto parts = node_.parts();
    const std::size_t n = parts.empty() ? 1 : parts.size();
    ensure(i < n, "{}: its rule reads output {} of {}", node_.name(), i, n);
    return parts.empty() ? node_ : parts.data()[i];
  }
  [[gnu::noinline]] const detail::Kept<T>& input(std::size_t i) const {
    ensure(i < inputs(), "{}: its rule reads input {} of {}", node_.name(), i, inputs());
    return node_.inputs()[i];
  }
  [[gnu::noinline]] void confirm(const detail::Kept<T>& kept, const char* what) const {
    ensure(kept.tensor.defined() || kept.tensor.size() == 0,
           "{}: its rule reads {} that was not kept (see Keep)", node_.name(), what);
    kept.confirm(node_.name(), what);
  }

  const detail::Node<T>& node_;
  detail::Reads* const reads_;
};

/// The gradients of an operation's outputs, where it has several, as its rule reads them.
template <class T>
class OutputGradients {
 public:
  /// Made by the engine, of one gradient for each output: undefined where nothing came back.
  OutputGradients(const Tensor<T>* dy, const Saved<T>& saved) : dy_(dy), saved_(saved) {}

  /// How many outputs the operation has.
  std::size_t size() const { return saved_.node_.parts().size(); }
  /// What is differentiated depends on output i; if not, its gradient is 0.
  bool has(std::size_t i) const { return saved_.node_of_output(i).whole() && dy_[i].defined(); }
  /// The gradient of output i, zeros if there is none.
  [[gnu::noinline]] Tensor<T> operator[](std::size_t i) const {
    if (!has(i)) return Tensor<T>::zeros(saved_.node_of_output(i).output().tensor.shape());
    if (saved_.reads_ && dy_[i].tracked()) *saved_.reads_ |= detail::read_dy(i);
    return dy_[i];
  }

 private:
  const Tensor<T>* dy_;
  const Saved<T>& saved_;
};

namespace detail {

/// The place for one input's gradient.
template <class T>
struct GradientPlace {
  bool wanted = false, constant = false;
  Tensor<T> gradient;
  Reads reads = 0;           ///< by this gradient alone
  Tensor<T>* sum = nullptr;  // of what other operations gave for it so far
  bool added = false;        // to the sum
};

}  // namespace detail

/// Where a rule puts the gradients of its operation's inputs. Only those that were asked for are computed.
template <class T>
class InputGradients {
 public:
  /// Made by the engine, which asks for what was read of the graph or gives null.
  explicit InputGradients(std::span<detail::GradientPlace<T>> places, detail::Reads* reads = nullptr)
      : places_(places), reads_(reads) {}

  /// Somebody asks for the gradient of input i.
  bool wants(std::size_t i) const { return place(i).wanted; }
  /// Gradient i is f(), if it is wanted. Its shape is the input's, or one that the input broadcast to.
  template <class F>
  void operator()(std::size_t i, F&& f) {
    if (auto* p = begin(i)) end(*p, std::forward<F>(f)(), false);
  }
  /// The same of a gradient whose own derivative by dy and by all that the rule read is 0, or is left out
  /// knowingly: with create_graph it need not be made in recorded operations.
  template <class F>
  void constant(std::size_t i, F&& f) {
    if (auto* p = begin(i)) end(*p, std::forward<F>(f)(), true);
  }

  /// For a rule whose gradient i is 0 but for a part that follows from dy: adds that part, by add(sum), to
  /// the sum of gradients that there is already, if nobody else reads it and nothing is recorded. False if
  /// not.
  template <class F>
  bool add_part(std::size_t i, const Tensor<T>& dy, F&& add) {
    auto& p = place(i);
    if (!p.wanted || reads_ || !p.sum || !p.sum->unique() || recording(*p.sum, dy)) return false;
    std::forward<F>(add)(*p.sum);
    return p.added = true;
  }

 private:
  // Out of line, all: each rule names its inputs.
  [[gnu::noinline]] detail::GradientPlace<T>* begin(std::size_t i) {
    auto& p = place(i);
    if (!p.wanted) return nullptr;
    if (reads_) outside_ = std::exchange(*reads_, 0);
    return &p;
  }
  [[gnu::noinline]] void end(detail::GradientPlace<T>& p, Tensor<T> gradient, bool constant) {
    p.gradient = std::move(gradient);
    p.constant = constant;
    if (reads_) p.reads = std::exchange(*reads_, outside_);
  }
  [[gnu::noinline]] detail::GradientPlace<T>& place(std::size_t i) const {
    ensure(i < places_.size(), "record: a rule gives the gradient of input {} of {}", i, places_.size());
    return places_[i];
  }
  std::span<detail::GradientPlace<T>> places_;
  detail::Reads* reads_;
  detail::Reads outside_ = 0;  // what the rule read before, for all its gradients
};

}  // namespace figment
