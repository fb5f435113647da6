// What the library figment::compiled holds, for float and double: a program that is linked with it is
// compiled with FIGMENT_COMPILED, and does not compile this again. All else it compiles from the headers as
// ever. The end of figment/figment.hpp.
#pragma once

#ifdef FIGMENT_COMPILED
#define FIGMENT_INSTANCE extern template
namespace figment {

#define FIGMENT_T float
#include "figment/compiled/layers.inl"
#include "figment/compiled/ops.inl"
#undef FIGMENT_T

#define FIGMENT_T double
#include "figment/compiled/layers.inl"
#include "figment/compiled/ops.inl"
#undef FIGMENT_T

}  // namespace figment
#undef FIGMENT_INSTANCE
#endif
