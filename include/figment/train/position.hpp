// Where a run stands between two steps: all that fit remembers, so that another process can go on from it.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "figment/core/finite.hpp"
#include "figment/core/random.hpp"
#include "figment/train/history.hpp"

namespace figment {

/// The sums of a loss and its terms, weighted by the size of the batches, and their means. A total that is
/// undefined, as two networks have none in common, is left out.
struct LossMeans {
  std::vector<std::string> names;  ///< the terms, then "total" if there is one
  std::vector<double> sums;        ///< of each, times the size of its batch
  std::vector<double> latest{};    ///< of the last batch
  Index samples = 0;               ///< examples so far
  bool has_total = false;          ///< the last name is "total"
  std::string bad{};               ///< what was not finite, or nothing

  /// Adds a batch's terms and its total, all of them or, where one is not finite, none: `bad` says which.
  template <class L, class T>
  void add(const L& loss, const Tensor<T>& total, Index size) {
    bad.clear();
    std::size_t at = 0;
    loss.terms([&](std::string_view name, const auto& value) {
      take(at++, name, static_cast<double>(value.item()));
    });
    has_total = total.defined();
    if (has_total) take(at, "total", static_cast<double>(total.item()));
    commit(size);
  }
  /// For the next epoch; the names stay.
  void reset() {
    std::fill(sums.begin(), sums.end(), 0.0);
    samples = 0;
  }

  /// As columns of a history: the total first, by the name of its half of the data, then the terms behind a
  /// prefix.
  std::size_t columns() const { return names.size(); }
  /// The mean so far.
  double value(std::size_t column) const { return sums[place(column)] / static_cast<double>(samples); }
  /// That of the last batch.
  double latest_value(std::size_t column) const { return latest[place(column)]; }
  /// A column's name.
  [[gnu::cold]] std::string column(std::size_t c, std::string_view total, std::string_view prefix,
                                   std::string_view suffix) const {
    const bool is_total = has_total && c == 0;
    std::string text(is_total ? total : prefix);
    if (!is_total) text += names[place(c)];
    text += suffix;
    return text;
  }

 private:
  std::size_t place(std::size_t column) const {
    return !has_total ? column : column == 0 ? names.size() - 1 : column - 1;
  }
  void take(std::size_t at, std::string_view name, double value) {
    if (at == names.size()) {
      names.push_back(std::string(name));
      sums.push_back(0);
      latest.push_back(0);
    }
    latest[at] = value;
    if (!detail::is_finite(value) && bad.empty()) bad = format("{} is {}", name, value);
  }
  void commit(Index size) {
    if (bad.empty()) {
      for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += latest[i] * static_cast<double>(size);
      samples += size;
    } else if (samples == 0) {  // the next one may have other terms
      names.clear(), sums.clear(), latest.clear();
    }
  }
};

/// What fit has to remember to go on later. A new one is the beginning of a run.
struct TrainPosition {
  Index epoch = 0;     ///< epochs that have ended
  Index step = 0;      ///< steps done of the epoch under way
  double seconds = 0;  ///< spent so far
  Rng noise{};         ///< of dropout and latent noise
  History history{};   ///< of the epochs that have ended
  LossMeans means{};   ///< of the epoch under way
  double g_loss = 0;   ///< a GAN's last, for steps in which only the discriminator learns

  /// At least a step has been done.
  bool begun() const { return epoch > 0 || step > 0; }
};

}  // namespace figment
