// What a kernel's file stands on where it is opened by itself, as by an editor, and not in the region of an
// instruction set (targets.hpp). Each file then includes the one before it, down to Vec, which includes this.
// compile_flags.txt beside the folders tells clangd the rest.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "figment/kernels/depthwise_args.hpp"
#include "figment/kernels/gather_args.hpp"
#include "figment/kernels/isa.hpp"
#include "figment/kernels/matmul_args.hpp"
#include "figment/kernels/norm_args.hpp"
#include "figment/kernels/op.hpp"
#include "figment/kernels/recurrent_args.hpp"
#include "figment/kernels/rng_state.hpp"
#include "figment/kernels/row_args.hpp"
#include "figment/kernels/window_args.hpp"

#if FIGMENT_X86
#include <immintrin.h>
#elif FIGMENT_ARM64
#include <arm_neon.h>
#endif

#define FIGMENT_UNROLL
#define FIGMENT_INLINE

using namespace figment;           // NOLINT(google-build-using-namespace)
using namespace figment::kernels;  // NOLINT(google-build-using-namespace)
