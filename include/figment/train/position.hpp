// Where a run stands between two steps: all that fit remembers, so that another process can go on from it.
#pragma once

#include <string>
#include <vector>

#include "figment/core/finite.hpp"
#include "figment/core/random.hpp"
#include "figment/train/history.hpp"

namespace figment {

/// The sums of a loss and its terms, weighted by the size of the batches, and their means. A total that is
/// undefined, as two networks have none in common, is left out. Terms are known by name: one that a batch
/// lacks counts as 0 there, as it does in the total, and several of one name as their sum.
struct LossMeans {
  std::vector<std::string> names;  ///< "total" if there is one, then the terms as they first came
  std::vector<double> sums;        ///< of each, times the size of its batch
  std::vector<double> latest{};    ///< of the last batch
  Index samples = 0;               ///< examples so far
  bool has_total = false;          ///< the first name is "total"
  std::string bad{};               ///< what was not finite, or nothing

  /// Adds a batch's terms and its total, all of them or, where one is not finite or `lost` says so of a
  /// gradient, none: `bad` says which.
  template <class L, class T>
  void add(const L& loss, const Tensor<T>& total, Index size, const std::string& lost = {}) {
    std::size_t at = begin(total.defined());
    loss.terms([&](std::string_view name, const auto& value) { at = take(name, at, number_in(value)); });
    if (has_total) take("total", 0, static_cast<double>(total.item()));
    commit(size, lost);
  }
  /// To sums and a count that there were before: batches since then are left out.
  [[gnu::cold]] void go_back(const std::vector<double>& before, Index count) {
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] = i < before.size() ? before[i] : 0;
    samples = count;
  }
  /// For the next epoch; the names stay.
  void reset() {
    for (double& s : sums) s = 0;
    samples = 0;
  }

  // As columns of a history.
  /// How many there are.
  std::size_t columns() const { return names.size(); }
  /// The mean so far.
  double value(std::size_t column) const { return sums[column] / static_cast<double>(samples); }
  /// The total's name is that of its half of the data, the terms' are behind a prefix.
  [[gnu::cold]] std::string column(std::size_t c, std::string_view total, std::string_view prefix,
                                   std::string_view suffix) const {
    const bool is_total = has_total && c == 0;
    std::string text(is_total ? total : prefix);
    if (!is_total) text += names[c];
    text += suffix;
    return text;
  }

 private:
  // Out of line, all: each kind of loss compiles what calls them.
  /// Where the terms of a batch begin.
  [[gnu::noinline]] std::size_t begin(bool total) {
    bad.clear();
    for (double& l : latest) l = 0;
    has_total = total;
    return total ? take("total", 0, 0) : 0;
  }
  /// Adds to what the batch has by that name, which is probably at `guess`. Where the next one probably is.
  [[gnu::noinline]] std::size_t take(std::string_view name, std::size_t guess, double value) {
    std::size_t at = guess;
    if (at >= names.size() || names[at] != name) at = detail::find_name(names, name);
    if (at == names.size()) append(name);
    latest[at] += value;
    if (!detail::is_finite(value) && bad.empty()) bad = figment::format("{} is {}", names[at], value);
    return at + 1;
  }
  [[gnu::cold, gnu::noinline]] void append(std::string_view name) {
    names.push_back(std::string(name));
    sums.push_back(0);
    latest.push_back(0);
  }
  /// A term is a tensor of one element, or the number itself.
  template <class V>
  static double number_in(const V& value) {
    if constexpr (std::is_arithmetic_v<V>) {
      return static_cast<double>(value);
    } else {
      constexpr bool tensor = requires { static_cast<double>(value.item()); };
      static_assert(tensor, "figment: a term of a loss is a tensor of one element, or a number");
      if constexpr (tensor) return static_cast<double>(value.item());
    }
  }
  [[gnu::noinline]] void commit(Index size, const std::string& lost) {
    if (!bad.empty() || !lost.empty()) return refuse(lost);
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += latest[i] * static_cast<double>(size);
    samples += size;
  }
  [[gnu::cold, gnu::noinline]] void refuse(const std::string& lost) {
    if (bad.empty()) bad = lost;
    if (samples == 0) names.clear(), sums.clear(), latest.clear();  // the next one may have other terms
  }
};

/// What fit has to remember to go on later. A new one is the beginning of a run.
struct TrainPosition {
  Index epoch = 0;     ///< epochs that have ended
  Index step = 0;      ///< steps done of the epoch under way, of as many batches each as were accumulated
  double seconds = 0;  ///< spent so far
  Rng noise{};         ///< of dropout and latent noise
  History history{};   ///< of the epochs that have ended
  LossMeans means{};   ///< of the epoch under way
  double g_loss = 0;   ///< a GAN's last, for steps in which only the discriminator learns

  /// At least a step has been done.
  bool begun() const { return epoch > 0 || step > 0; }
};

}  // namespace figment
