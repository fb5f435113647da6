// Which operation first made a NaN or an infinity.
#pragma once

#include <limits>

#include "figment/core/finite.hpp"
#include "figment/kernels/kernels.hpp"
#include "figment/nn/report.hpp"

namespace figment {

/// Of DetectAnomaly.
struct AnomalyOptions {
  bool infinities = true;  ///< or NaN alone, where infinities are meant: log(0) behind a mask, say
};

namespace detail {

/// Where a forward pass is, as its layers tell, and where the nodes of the graph were made. A template, as
/// Trace.
template <class Nothing>
class AnomalyPlaces final : public Tracer {
 public:
  bool enter(std::string_view name, const Description& layer) override {
    if (!open_.empty()) {
      Open& top = open_.back();
      // What has just begun says so once more itself.
      if (top.layers == 0 && (layer.is(top.layer) || layer.is(top.part))) return false;
      ++top.layers;
    }
    open_.push_back({join_paths(open_.empty() ? "" : open_.back().path, name), layer, {}, 0});
    ++moves_;
    return true;
  }
  void go_on_as(const Description& part) override {
    if (!open_.empty()) open_.back().part = part;
  }
  void row(std::span<const Passing>, std::span<const Passing>) override {}
  void leave() override { open_.pop_back(), ++moves_; }
  void op(const char*, std::span<const Passing>, const Passing&, std::span<const std::byte>) override {}

  /// Of a number type the first node of each place that there was.
  struct Notes {
    std::vector<std::uint64_t> first;
    std::vector<std::string> text;
    std::uint64_t moves = 0;
  };
  /// A node of this number is about to be made here.
  void note(Notes& notes, std::uint64_t node) const {
    if (notes.moves == moves_ && !notes.first.empty()) return;
    notes.moves = moves_;
    std::string here = open_.empty() ? "" : open_.back().path;
    if (!open_.empty()) (here += here.empty() ? "" : " ") += open_.back().layer();
    if (!notes.first.empty() && notes.text.back() == here) return;
    constexpr std::ptrdiff_t most = 1 << 16;
    if (std::ssize(notes.first) == most) {  // no graph is kept that long
      notes.first.erase(notes.first.begin(), notes.first.begin() + most / 2);
      notes.text.erase(notes.text.begin(), notes.text.begin() + most / 2);
    }
    notes.first.push_back(node), notes.text.push_back(std::move(here));
  }
  /// ", in encoder.0 Linear(784, 256)", or nothing where no layer has told.
  static std::string place_of(const Notes& notes, std::uint64_t node) {
    std::size_t after = notes.first.size();
    while (after > 0 && notes.first[after - 1] > node) --after;
    return after == 0 || notes.text[after - 1].empty() ? "" : ", in " + notes.text[after - 1];
  }

 private:
  struct Open {
    std::string path;
    Description layer, part;
    int layers;  // directly inside
  };
  std::vector<Open> open_;
  std::uint64_t moves_ = 0;
};

/// The first element that is NaN or, if those count, infinite; its size if there is none.
template <class T>
Index first_anomaly(const Tensor<T>& x, bool infinities) {
  const T* const v = x.data();
  if (!v || kernels::all_finite(v, x.size())) return x.size();
  Index i = 0;
  while (i < x.size() && !is_nan(v[i]) && (is_finite(v[i]) || !infinities)) ++i;
  return i;
}

}  // namespace detail

/// While one lives, every operation of this thread, and every rule of a gradient, is looked at, and the first
/// that makes a NaN of inputs without one, or an infinity of finite ones, throws: an Error with the
/// operation's name, the element, its inputs' shapes, and the layer it is in where layers say so.
///
///   DetectAnomaly guard;
///   fit(model, adam, batches);   // net.2 Linear(64, 10): log: made -inf, element 3 of (50, 10), of inputs …
///
/// For debugging: each result is read once more. What runs without one is as fast as ever. A template, whose
/// argument is nothing, for programs that have none not to compile it.
template <class Nothing = void>
class DetectAnomaly {
 public:
  /// Becomes the thread's, until its end.
  explicit DetectAnomaly(AnomalyOptions options = {})
      : options_(options),
        before_(std::exchange(active_, this)),
        trace_(detail::active_trace),
        watch32_(std::exchange(detail::op_watch<float>, &watch<float>)),
        watch64_(std::exchange(detail::op_watch<double>, &watch<double>)) {
    if (!trace_) detail::active_trace = &places_;
  }
  ~DetectAnomaly() {
    detail::op_watch<float> = watch32_, detail::op_watch<double> = watch64_;
    detail::active_trace = trace_;
    active_ = before_;
  }
  DetectAnomaly(const DetectAnomaly&) = delete;
  DetectAnomaly& operator=(const DetectAnomaly&) = delete;

 private:
  using Notes = typename detail::AnomalyPlaces<Nothing>::Notes;
  template <class T>
  using Inputs = std::span<const detail::Operand<T>>;

  template <class T>
  Notes& notes() {
    return notes_[sizeof(T) == sizeof(double)];
  }

  template <class T>
  static void look_at(const char* name, Inputs<T> inputs, const Tensor<T>& output) {
    DetectAnomaly& self = *active_;
    bool recorded = false;
    for (const auto& i : inputs) recorded |= recording(*i.tensor);
    if (recorded) self.places_.note(self.template notes<T>(), detail::Node<T>::newest_id() + 1);
    const bool infinities = self.options_.infinities;
    const Index at = detail::first_anomaly(output, infinities);
    if (at == output.size()) return;
    const bool nan = detail::is_nan(output.data()[at]);
    std::string shapes;
    for (const auto& i : inputs) {
      const Tensor<T>& x = *i.tensor;
      if (!x.defined()) continue;
      const Index first = detail::first_anomaly(x, infinities);
      if (first < x.size() && (!nan || detail::first_anomaly(x, false) < x.size()))
        return;  // not of its making
      (shapes += shapes.empty() ? "" : " and ") += to_string(x.shape());
    }
    fail("{}: made {}, element {} of {}, of inputs {}", name, without_sign(output.data()[at]), at,
         output.shape(), shapes);
  }

  /// A NaN, whose sign means nothing.
  template <class T>
  static T without_sign(T v) {
    return detail::is_nan(v) ? std::numeric_limits<T>::quiet_NaN() : v;
  }

  template <class T>
  static void look_back_at(const detail::Node<T>& node, std::span<const detail::GradientPlace<T>> places) {
    DetectAnomaly& self = *active_;
    for (std::size_t i = 0; i < places.size(); ++i) {
      if (!places[i].wanted) continue;
      const Tensor<T>& g = places[i].added ? *places[i].sum : places[i].gradient;
      const Index at = detail::first_anomaly(g, self.options_.infinities);
      if (at == g.size()) continue;
      std::string shapes;
      for (const auto& input : node.inputs())
        (shapes += shapes.empty() ? "" : " and ") += to_string(input.tensor.shape());
      fail("{}: its gradient made {}, element {} of that of input {}, {}, of inputs {}{}", node.name(),
           without_sign(g.data()[at]), at, i, g.shape(), shapes,
           detail::AnomalyPlaces<Nothing>::place_of(self.template notes<T>(), node.id()));
    }
  }

  template <class T>
  static constexpr detail::OpWatch<T> watch{&look_at<T>, &look_back_at<T>};

  static inline thread_local DetectAnomaly* active_ = nullptr;

  AnomalyOptions options_;
  DetectAnomaly* before_;
  detail::Tracer* trace_;
  const detail::OpWatch<float>* watch32_;
  const detail::OpWatch<double>* watch64_;
  detail::AnomalyPlaces<Nothing> places_;
  Notes notes_[2];  // of float and of double
};

}  // namespace figment
