#!/usr/bin/env bash
# What a program costs that draws from a trained network: binary_size/figment.cpp loads a decoder's weights and writes a
# picture of 64 samples. The processor's seconds and the memory that compiling it at -O2 takes, its size stripped, and
# medians of fifty whole runs, beside /bin/true's. Exits with 1 beyond 500 KB. With --torch also the same in libtorch,
# and those of libtorch's libraries that it cannot do without; DIR has libtorch's include/ and lib/, as Python's torch/.
#   [CXX=clang++] [STB=/usr/include/stb] [JSON=directory] ./benchmarks/binary_size.sh [--torch DIR]
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
here=$root/benchmarks/binary_size
budget=500000
read -ra compiler <<<"${CXX:-c++}"
stb=${STB:-/usr/include/stb} torch=
if [[ ${1-} == --torch && $# == 2 ]]; then
  torch=$2
elif (($#)); then
  echo "expected nothing or --torch DIR, found '$*'" >&2
  exit 2
fi
if [[ ! -e $stb/stb_image_write.h ]]; then
  echo "there is no $stb/stb_image_write.h; set STB to its directory" >&2
  exit 2
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# start COMMAND [ARGUMENT]... : medians of fifty runs: milliseconds, of them the processor's, and MB of memory
start() {
  local i begin used
  for ((i = 0; i < 50; ++i)); do
    begin=${EPOCHREALTIME/[.,]/}
    used=$("$scratch/measure" "$@")
    echo "$((${EPOCHREALTIME/[.,]/} - begin)) $used"
  done >"$scratch/runs"
  for i in 1 2 3; do cut -d' ' -f$i "$scratch/runs" | sort -n | sed -n 25p; done |
    paste -sd' ' | awk '{ printf "%8.1f %8.0f %8.0f", $1 / 1000, $2 * 1000, $3 }'
}

# measure NAME FLAG... : builds NAME.cpp, and with SAVE_WEIGHTS what makes its weights
measure() {
  local name=$1 program=$scratch/$1 built seconds memory
  shift
  "${compiler[@]}" -std=c++20 -O0 -DSAVE_WEIGHTS "$here/$name.cpp" -o "$program.save" "$@"
  "$program.save" "$program.weights" -
  built=$("$scratch/measure" "${compiler[@]}" -std=c++20 -O2 "$here/$name.cpp" -o "$program" "$@")
  strip "$program"
  # The libraries that come with it; the C and C++ ones are the system's.
  ldd "$program" | awk -v lib="/${torch:-none}/lib/" 'index("/" $3, lib) { print $3 }' |
    xargs -r du -Lcm | awk 'END { print $1 + 0 }' >"$scratch/libraries"
  read -r seconds memory <<<"$built"
  printf '%-14s %8.1f %8.0f %8d %10d %s\n' "$name" "$seconds" "$memory" "$(stat -c %s "$program")" "$(<"$scratch/libraries")" \
    "$(start "$program" "$program.weights" "$program.png")"
}

"${compiler[@]}" -O1 -std=c++20 "$root/benchmarks/compile_cost/measure.cpp" -o "$scratch/measure"
printf '%-14s %17s %19s %26s\n' '' compiling size running
printf '%-14s %8s %8s %8s %10s %8s %8s %8s\n' "${compiler[*]} -O2" s MB bytes 'libs, MB' ms 'cpu ms' MB
printf '%-14s %8s %8s %8s %10s %s\n' /bin/true '' '' '' '' "$(start /bin/true)"
measure figment "-I$root/include" -isystem "$stb" ${JSON:+-isystem "$JSON"} -pthread
if [[ -n $torch ]]; then
  measure torch "-isystem$torch/include" "-isystem$torch/include/torch/csrc/api/include" -isystem "$stb" \
    "-L$torch/lib" "-Wl,-rpath,$torch/lib" -Wl,--no-as-needed -ltorch_cpu -lc10
fi
if (($(stat -c %s "$scratch/figment") > budget)); then
  echo "beyond $budget bytes" >&2
  exit 1
fi
