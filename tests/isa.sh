#!/usr/bin/env bash
# The kernels and the list of operations on an instruction set that this machine need not have; some three minutes.
#   ./tests/isa.sh avx512    its few intrinsics emulated on AVX2
#   ./tests/isa.sh neon      cross-compiled for 64-bit ARM, run by qemu
set -euo pipefail
isa=${1-}
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=cmake/dependencies.sh
source "$root/cmake/dependencies.sh"
if [[ $isa != avx512 && $isa != neon ]]; then
  echo "isa.sh: expected avx512 or neon, found '$isa'" >&2
  exit 2
fi
if [[ $isa == neon ]]; then figment_install build tests neon; else figment_install build tests; fi

build=$root/build/isa-$isa
mkdir -p "$build/figment/kernels"
# Only these: the cross compiler has headers of its own in place of /usr/include.
for library in eigen3 catch2; do
  mkdir -p "$build/libraries"
  ln -sfn "/usr/include/$library" "$build/libraries/$library"
done
if [[ ! -e /usr/include/catch2/catch.hpp || ! -e /usr/include/eigen3/Eigen/Core ]]; then
  echo "isa.sh: needs Eigen and the single header of Catch2 2 in /usr/include" >&2
  exit 1
fi

if [[ $isa == neon ]]; then
  compiler=aarch64-linux-gnu-g++ runs=(neon reference) run=(qemu-aarch64 -L /usr/aarch64-linux-gnu)
  export FIGMENT_TEST_QUICK=1  # qemu is some twenty times slower
else
  compiler=${CXX:-c++} runs=(avx512) run=()
  # Copies of two headers: compiled for AVX2 only, in the belief that the CPU has AVX-512.
  kernels=$root/include/figment/kernels
  sed -E 's/(avx512[a-z]+,)+//' "$kernels/targets.hpp" >"$build/figment/kernels/targets.hpp"
  sed -E 's/__builtin_cpu_supports\("avx512[a-z]+"\)/true/g' "$kernels/isa.hpp" >"$build/figment/kernels/isa.hpp"
  if grep -E 'target\(.*avx512' "$build/figment/kernels/targets.hpp"; then
    echo 'isa.sh: these regions would still be compiled for AVX-512' >&2
    exit 1
  fi
fi

# A file of options spares them the shells in between.
{
  printf '"%s"\n' -std=c++20 -O1 -Wall -Wextra -pthread "-I$build" "-I$root/include" "-I$root/tests" \
    "-isystem$build/libraries" "-isystem$build/libraries/eigen3" "-DFIGMENT_SOURCE_DIR=\\\"$root\\\""
  if [[ $isa == avx512 ]]; then printf '"%s"\n' -include "$root/tests/kernels/emulated_avx512.hpp"; fi
} >"$build/options"
printf '#define CATCH_CONFIG_MAIN\n#include <catch2/catch.hpp>\n' >"$build/main.cpp"
# The slowest to compile first.
sources=("$root/tests/ops/op_cases_test.cpp" "$build/main.cpp" "$root"/tests/kernels/*_test.cpp
  "$root/tests/core/random_test.cpp")
rm -f "$build"/*.o
printf '%s\0' "${sources[@]}" | xargs -0 -P "$(figment_cores)" -I{} bash -c \
  '"$1" "@$2/options" -c "$3" -o "$2/$(basename "$3" .cpp).o"' compile "$compiler" "$build" {}
"$compiler" "@$build/options" "$build"/*.o -o "$build/tests"

status=0
pids=()
for each in "${runs[@]}"; do
  FIGMENT_ISA=$each ${run[@]+"${run[@]}"} "$build/tests" >"$build/$each.txt" 2>&1 &
  pids+=($!)
done
for i in "${!pids[@]}"; do
  wait "${pids[i]}" || status=1
  printf 'FIGMENT_ISA=%s: ' "${runs[i]}"
  tail -n 40 "$build/${runs[i]}.txt"
done
exit $status
