// Linear algebra over Eigen, with gradients of any order: inverses, systems of equations, determinants,
// factorisations. Of matrices in the last two dimensions, for each position of the leading ones. Apart from
// figment.hpp because Eigen's decompositions are slow to compile.
#pragma once

#include "figment/ops/linalg/decompose.hpp"
#include "figment/ops/linalg/functions.hpp"
#include "figment/ops/linalg/solve.hpp"
