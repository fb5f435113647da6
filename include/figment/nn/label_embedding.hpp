// Learned vectors for labels, for conditional generators and discriminators.
#pragma once

#include "figment/nn/init.hpp"
#include "figment/nn/report.hpp"
#include "figment/ops/matmul.hpp"

namespace figment {

/// Whether a label's vector stands after the other features or multiplies them.
enum class LabelMode { join, multiply };

/// Of LabelEmbedding.
struct LabelEmbeddingOptions {
  LabelMode mode = LabelMode::join;               ///< where the label's vector goes
  Initializer init = init::uniform(-0.05, 0.05);  ///< of the table: Keras'; PyTorch's is N(0, 1)
};

/// Replaces one-hot labels, the last `classes` columns of x (N, F + classes), by their rows of a learned
/// table (classes, features). `join` puts them in the labels' place, (N, F + features); `multiply` gives the
/// other F = features columns times them, (N, F). Rows that are not one-hot take the sum of the table's rows
/// so weighted.
///
///   Sequential{LabelEmbedding(10, 100, rng, {.mode = LabelMode::multiply}), Linear(100, 256, rng), …}
template <class T = float>
struct LabelEmbedding {
  using value_type = T;

  Tensor<T> table;  ///< a row for each class
  LabelMode mode;   ///< where the label's vector goes

  /// Draws the table from rng. Throws unless both sizes are 1 or more.
  LabelEmbedding(Index classes, Index features, Rng& rng, LabelEmbeddingOptions options = {})
      : mode(options.mode) {
    ensure(classes >= 1 && features >= 1, "LabelEmbedding: expected sizes of 1 or more, found {} and {}",
           classes, features);
    table = options.init.make<T>({classes, features}, {classes, features}, rng);
  }

  Tensor<T> forward(const Tensor<T>& x) const {
    return detail::reported(*this, x, [&] { return embedded(x); });
  }
  /// forward(x).
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }

  void visit(auto&& v) { v("table", table, Layout::table); }

  std::string describe() const {
    return figment::format("LabelEmbedding({}, {}{})", table.dim(0), table.dim(1),
                           mode == LabelMode::multiply ? ", multiply" : "");
  }

 private:
  Tensor<T> embedded(const Tensor<T>& x) const {
    const Index classes = table.dim(0), features = table.dim(1);
    ensure(x.rank() == 2 && x.dim(1) >= classes,
           "LabelEmbedding: expected one-hot labels in the last {} columns, found x {}", classes, x.shape());
    const Index others = x.dim(1) - classes;
    ensure(mode == LabelMode::join || others == features,
           "LabelEmbedding: {} features multiply {} columns of x {}, the last {} being the label", features,
           others, x.shape(), classes);
    const auto rest = slice(x, 1, 0, others);
    const auto label = matmul(slice(x, 1, others, x.dim(1)), table);
    return mode == LabelMode::multiply ? rest * label : concat({rest, label}, 1);
  }
};

}  // namespace figment
