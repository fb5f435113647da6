#!/usr/bin/env bash
# clang-tidy (.clang-tidy) over two programs that use most of include/, some three minutes; or over other files.
#   ./tests/tidy.sh [FILE…]     as in: ./tests/tidy.sh examples/*.cpp
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=cmake/dependencies.sh
source "$root/cmake/dependencies.sh"
figment_install build tests examples checks
cd "$root"
files=("$@")
if (($# == 0)); then files=(tests/consumer/models.cpp tests/consumer/data_and_io.cpp); fi
printf '%s\n' "${files[@]}" | xargs -P "$(figment_cores)" -I{} \
  clang-tidy --quiet {} -- -std=c++20 -Iinclude -Iexamples -DFIGMENT_BUNDLED_DATA='""' -isystem /usr/include/eigen3 \
  -isystem /usr/include/stb 2> >(grep -v 'warnings\? generated' >&2)
echo "clang-tidy: ${#files[@]} files"
