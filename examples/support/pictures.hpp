// Pictures of 28x28 images that several examples draw.
#pragma once

#include <figment/data.hpp>
#include <figment/figment.hpp>
#include <figment/io.hpp>

namespace examples {

/// Flat or square images of any batch as (N, 28, 28).
inline figment::Tensor<float> as_images(const figment::Tensor<float>& x) {
  return x.view_as({x.dim(0), 28, 28});
}

/// Rows of as many images each, the first row on top.
inline figment::io::Image in_rows(const std::vector<figment::Tensor<float>>& rows) {
  std::vector<figment::Tensor<float>> images;
  for (const auto& r : rows) images.push_back(as_images(r));
  return figment::io::grid(figment::concat(images), {.columns = rows[0].dim(0), .scale = 2});
}

/// Images in a square.
inline figment::io::Image in_square(const figment::Tensor<float>& images) {
  return figment::io::grid(as_images(images), {.scale = 2});
}

/// For each label from 0 to 9 the first image of it, where there is one.
inline figment::Tensor<float> one_of_each(const figment::data::Dataset<float>& images) {
  std::vector<std::int32_t> first;
  for (std::int32_t label = 0; label < 10; ++label) {
    const auto labels = images.labels.values();
    const auto it = std::find(labels.begin(), labels.end(), label);
    if (it != labels.end()) first.push_back(static_cast<std::int32_t>(it - labels.begin()));
  }
  const auto n = static_cast<figment::Index>(first.size());
  return figment::take(images.x, figment::Indices({n}, first));
}

/// A walk from each image of `from` to the one of `to` below it: a row each, walk(a, b) giving its images.
template <class Walk>
figment::io::Image in_walks(const figment::Tensor<float>& from, const figment::Tensor<float>& to, Walk walk) {
  std::vector<figment::Tensor<float>> rows;
  for (figment::Index i = 0; i < from.dim(0); ++i)
    rows.push_back(walk(figment::slice(from, 0, i, i + 1), figment::slice(to, 0, i, i + 1)));
  return in_rows(rows);
}

}  // namespace examples
