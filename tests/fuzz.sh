#!/usr/bin/env bash
# Feeds the readers of files whatever bytes libFuzzer comes up with, from tests/fuzz/seeds on. A finding ends it and is
# left in build/fuzz.
#   ./tests/fuzz.sh [SECONDS_EACH [TARGET…]]
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=cmake/dependencies.sh
source "$root/cmake/dependencies.sh"
figment_install build checks

seconds=${1:-10}
shift $(($# > 0))
targets=("$@")
if [[ $# == 0 ]]; then
  for source in "$root"/tests/fuzz/*.cpp; do targets+=("$(basename "$source" .cpp)"); done
fi
build=$root/build/fuzz
mkdir -p "$build"
cd "$build"

fuzz() {
  local target=$1
  clang++ -std=c++20 -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -I"$root/include" \
    "$root/tests/fuzz/$target.cpp" -o "$target" -lz -pthread
  mkdir -p "corpus/$target"
  # Memory for what a header only promises is not to be taken.
  "./$target" -max_total_time="$seconds" -max_len=4096 -rss_limit_mb=1024 -malloc_limit_mb=256 -verbosity=0 \
    -print_final_stats=1 "corpus/$target" "$root/tests/fuzz/seeds/$target" 2>"$target.log" ||
    { tail -n 40 "$target.log"; echo "$target: a finding, in $build"; return 1; }
  echo "$target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$target.log") inputs"
}
export -f fuzz
export root seconds build
printf '%s\n' "${targets[@]}" | xargs -P "$(figment_cores)" -I{} bash -euo pipefail -c 'fuzz {}'
