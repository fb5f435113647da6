#!/usr/bin/env bash
# Installs what is missing, builds everything in Release (in build/) and runs the tests.
#   ./tests/run.sh [ctest arguments…]     as in: ./tests/run.sh -R matmul
# FIGMENT_CMAKE_ARGS, split at spaces, goes to cmake.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=cmake/dependencies.sh
source "$root/cmake/dependencies.sh"

figment_install build tests
build=$root/build
read -ra extra <<<"${FIGMENT_CMAKE_ARGS-}"
generator=$(figment_generator "$build")
cmake -S "$root" -B "$build" ${generator:+"$generator"} -DCMAKE_BUILD_TYPE=Release -DFIGMENT_BUILD_TESTS=ON \
  -DFIGMENT_BUILD_EXAMPLES=ON -DFIGMENT_INSTALL_COMPILED=ON ${extra[@]+"${extra[@]}"}
cmake --build "$build" --parallel "$(figment_cores)"
exec ctest --test-dir "$build" --output-on-failure --no-tests=error --parallel "$(figment_cores)" "$@"
