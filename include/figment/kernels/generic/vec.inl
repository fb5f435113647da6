// The Vec that a file of kernels is read with where it is opened alone.
#if FIGMENT_ARM64 || defined(__aarch64__)
#include "figment/kernels/simd/vec_neon.hpp"
#else
#include "figment/kernels/simd/vec_avx2.hpp"
#endif
