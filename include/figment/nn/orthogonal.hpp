// Orthogonal initial weights. Apart from nn/init.hpp because Eigen's QR is slow to compile.
#pragma once

#include <Eigen/QR>

#include "figment/core/eigen.hpp"
#include "figment/nn/init.hpp"

namespace figment::init {

/// A random matrix with orthonormal rows or columns, whichever are fewer, times `gain` (Saxe et al., 2013).
/// All extents but the last together are the rows.
inline Initializer orthogonal(double gain = 1) {
  return {[](const Shape& shape, Fans, Rng& rng, double a, double) {
            Tensor<double> weight(shape);
            auto w = weight.matrix();
            const Index rows = w.rows(), columns = w.cols(), tall = (std::max)(rows, columns),
                        wide = (std::min)(rows, columns);
            const auto gaussian = rng.normal<double>({tall, wide});
            const Eigen::HouseholderQR<Eigen::MatrixXd> qr(gaussian.matrix());
            Eigen::MatrixXd q = qr.householderQ() * Eigen::MatrixXd::Identity(tall, wide);
            // R's signs make the factorisation unique, and q uniform over the orthogonal matrices.
            for (Index j = 0; j < wide; ++j)
              if (qr.matrixQR()(j, j) < 0) q.col(j) = -q.col(j);
            if (rows >= columns)
              w = a * q;
            else
              w = a * q.transpose();
            return weight;
          },
          gain};
}

}  // namespace figment::init
