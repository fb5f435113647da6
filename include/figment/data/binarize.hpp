// Grey values as probabilities: images of zeros and ones for models with Bernoulli pixels.
#pragma once

#include <utility>

#include "figment/core/finite.hpp"
#include "figment/data/loader.hpp"

namespace figment::data {

/// How grey images become zeros and ones. Figures of the three do not compare: a binarised test set has
/// another likelihood than the grey one, under any model.
enum class Binarization {
  none,
  fixed,    ///< each pixel drawn once for the whole run (Salakhutdinov and Murray, 2008)
  dynamic,  ///< the training pixels drawn anew for each batch (Burda, Grosse and Salakhutdinov, 2015)
};

namespace detail {

template <class T>
void check_probabilities(const Tensor<T>& x) {
  for (const T p : x.values())
    ensure(!figment::detail::is_nan(p) && p >= 0 && p <= 1, "binarize: expected values from 0 to 1, found {}",
           p);
}

}  // namespace detail

/// 1 with the probability that x gives, else 0; not recorded. The same for any number of threads. Throws on a
/// value outside [0, 1], NaN among them.
template <class T>
Tensor<T> binarize(const Tensor<T>& x, Rng& rng) {
  detail::check_probabilities(x);
  Tensor<T> y = rng.uniform<T>(x.shape());  // below 1, so that 1 stays 1
  const T* p = x.data();
  T* out = y.mutable_data();
  for (Index i = 0; i < y.size(); ++i) out[i] = out[i] < p[i] ? T(1) : T(0);
  return y;
}

/// The examples binarised, with their labels.
template <class T>
Dataset<T> binarize(Dataset<T> dataset, Rng& rng) {
  dataset.x = binarize(dataset.x, rng);
  return dataset;
}

/// Binarises both halves of a set in the one way and returns the loader of the training half:
///   data::Loader train = binarized_loader(kind, digits.train, digits.test, rng, {.batch = 100});
///   data::Loader test(digits.test, {.batch = 1000, .shuffle = false});
/// The test half is drawn once, so that its figure does not move between epochs; from equal generators it is
/// the same for fixed and dynamic. With dynamic `train` itself stays grey, and each batch is drawn by the
/// seed of the loader. Throws on a value outside [0, 1] unless the kind is none.
template <class T>
Loader<T> binarized_loader(Binarization kind, Dataset<T>& train, Dataset<T>& test, Rng& rng,
                           const LoaderOptions& options = {}) {
  if (kind != Binarization::none) {
    detail::check_probabilities(train.x);  // now: neither after `test` was changed nor amid an epoch
    test = binarize(test, rng);
  }
  if (kind == Binarization::fixed) train = binarize(train, rng);
  Loader<T> loader(train, options);
  if (kind == Binarization::dynamic)
    loader.transform([](Tensor<T> x, Rng& batch_rng) { return binarize(x, batch_rng); });
  return loader;
}

}  // namespace figment::data
