// Fewer numbers where a test takes very many, for emulated processors.
#pragma once

#include <cstdlib>

namespace test {

/// FIGMENT_TEST_QUICK is set: tests/isa.sh does so.
inline bool quick() { return std::getenv("FIGMENT_TEST_QUICK") != nullptr; }

}  // namespace test
