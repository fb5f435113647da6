#pragma once
#include <figment/figment.hpp>

/// The sum of all elements.
float total(const figment::Tensor<float>& x);
