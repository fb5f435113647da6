#!/usr/bin/env bash
# Which lines of include/ the tests run, by g++'s gcov: a table of the headers and the whole. Exits with 1 below 90 %.
# AVX-512's and NEON's code counts only where the CPU has them.
#   ./tests/coverage.sh
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=cmake/dependencies.sh
source "$root/cmake/dependencies.sh"
figment_install build tests coverage

build=$root/build/coverage
generator=$(figment_generator "$build")
cmake -S "$root" -B "$build" ${generator:+"$generator"} -DCMAKE_CXX_COMPILER="${CXX:-g++}" -DCMAKE_BUILD_TYPE=Debug \
  -DCMAKE_CXX_FLAGS_DEBUG='-O1 -g0 -fno-inline --coverage -fprofile-update=atomic' -DFIGMENT_BUILD_EXAMPLES=OFF
cmake --build "$build" --parallel "$(figment_cores)" --target figment_tests
find "$build" -name '*.gcda' -delete
# Twice, for what only the plain loops reach.
FIGMENT_TEST_QUICK=1 "$build/tests/figment_tests"
FIGMENT_TEST_QUICK=1 FIGMENT_ISA=reference "$build/tests/figment_tests" '[kernels],[ops]'
gcovr --root "$root" --filter "$root/include/" --object-directory "$build" --exclude-unreachable-branches \
  --print-summary --fail-under-line 90 -j "$(figment_cores)" "$build"
