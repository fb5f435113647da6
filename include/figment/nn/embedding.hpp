// Learned vectors for positions in a list: words, classes, places.
#pragma once

#include <string>

#include "figment/nn/init.hpp"
#include "figment/nn/report.hpp"
#include "figment/ops/embedding.hpp"

namespace figment {

/// Of Embedding.
struct EmbeddingOptions {
  Index padding = -1;                             ///< a row that begins as 0 and is not trained; -1: none
  Initializer init = init::uniform(-0.05, 0.05);  ///< of the table: Keras'; PyTorch's is N(0, 1)
};

/// A learned vector for each of `count` things: positions (…) from 0 to count - 1, as Indices, to
/// (…, features). See LabelEmbedding for one-hot labels beside other features.
///
///   Embedding words(20000, 128, rng);
///   words(tokens);   // (N, length) -> (N, length, 128)
template <class T = float>
struct Embedding {
  using value_type = T;

  Tensor<T> table;  ///< a row for each
  Index padding;    ///< the row that is not trained, or -1

  /// Draws the table from rng. Throws unless both sizes are 1 or more and the padding is a row.
  Embedding(Index count, Index features, Rng& rng, EmbeddingOptions options = {}) : padding(options.padding) {
    ensure(count >= 1 && features >= 1, "Embedding: expected sizes of 1 or more, found {} and {}", count,
           features);
    ensure(padding >= -1 && padding < count, "Embedding: padding {} is none of {} rows", padding, count);
    table = options.init.make<T>({count, features}, {count, features}, rng);
    if (padding >= 0) std::fill_n(table.mutable_data() + padding * features, features, T(0));
  }

  /// Throws when a position is negative or not below the number of rows.
  Tensor<T> forward(const Indices& positions) const {
    return detail::reported<T>(*this, positions, [&] { return embedding(table, positions, padding); });
  }
  /// forward(positions).
  Tensor<T> operator()(const Indices& positions) const { return forward(positions); }

  void visit(auto&& v) { v("table", table, Layout::table); }

  std::string describe() const {
    return figment::format("Embedding({}, {}{})", table.dim(0), table.dim(1),
                           padding >= 0 ? figment::format(", padding {}", padding) : "");
  }
};

}  // namespace figment
