// Shapes beside a given one, for tests of what is refused.
#pragma once

#include <vector>

#include "figment/core/shape.hpp"

namespace test {

/// A scalar's and an empty vector's; each extent one more, one less where there is one, and none; a dimension
/// more and one less.
inline std::vector<figment::Shape> other_shapes(const figment::Shape& shape) {
  using figment::Index, figment::Shape;
  std::vector<Shape> shapes{Shape{}, Shape{0}};
  for (Index d = 0; d < shape.rank(); ++d)
    for (const Index extent : {shape[d] + 1, shape[d] - 1, Index{0}}) {
      if (extent < 0) continue;
      Shape other = shape;
      other[d] = extent;
      shapes.push_back(other);
    }
  if (shape.rank() < figment::max_rank) {
    Shape longer{2};
    for (const Index extent : shape) longer.push_back(extent);
    shapes.push_back(longer);
    Shape behind = shape;
    behind.push_back(2);
    shapes.push_back(behind);
  }
  Shape shorter;
  for (Index d = 1; d < shape.rank(); ++d) shorter.push_back(shape[d]);
  shapes.push_back(shorter);
  return shapes;
}

}  // namespace test
