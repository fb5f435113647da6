#!/usr/bin/env bash
# What the umbrella header costs its users: compiles a program that trains a VAE (compile_cost/vae.cpp), the same for
# figment::compiled, and one that multiplies two Eigen matrices, alternately, five times each, and compares the least of
# each, which other work disturbs least. Exits with 1 beyond the budget.
# With --examples, instead, what each file of the examples costs, once.
#   [CXX=clang++] [EIGEN=/usr/include/eigen3] ./benchmarks/compile_cost.sh [--examples]
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
here=$root/benchmarks/compile_cost
time_budget=3.3 compiled_budget=2.6 memory_budget=2.5
read -ra compiler <<<"${CXX:-c++}"
export CCACHE_DISABLE=1

eigen=${EIGEN-}
for candidate in /usr/include/eigen3 /usr/local/include/eigen3 /opt/homebrew/include/eigen3 \
  "$root"/build/_deps/eigen-src "$root"/build/run/_deps/eigen-src; do
  if [[ -z $eigen && -e $candidate/Eigen/Dense ]]; then eigen=$candidate; fi
done
if [[ ! -e $eigen/Eigen/Dense ]]; then
  echo "no Eigen headers found; set EIGEN to their directory" >&2
  exit 2
fi
for program in eigen vae; do
  if [[ ! -e $here/$program.cpp ]]; then
    echo "there is no $here/$program.cpp" >&2
    exit 2
  fi
done

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"${compiler[@]}" -O1 -std=c++20 "$here/measure.cpp" -o "$scratch/measure"

# compile FILE FLAG... : processor seconds and MB
compile() {
  "$scratch/measure" "${compiler[@]}" -std=c++20 -O2 -I"$root/include" -c "$1" -o "$scratch/object" "${@:2}"
}

if [[ ${1-} == --examples && $# == 1 ]]; then
  printf '%-36s %10s %10s\n' "${compiler[*]} -O2" seconds MB
  for file in "$root"/examples/{,support/,guide/}*.cpp; do
    read -r seconds memory < <(compile "$file" -I"$root/examples" -DFIGMENT_BUNDLED_DATA='""' -DFIGMENT_HAVE_GIF)
    printf '%-36s %10.1f %10.0f\n' "${file#"$root/"}" "$seconds" "$memory"
  done
  exit
elif (($#)); then
  echo "expected nothing or --examples, found '$*'" >&2
  exit 2
fi

for _ in 1 2 3 4 5; do
  for program in eigen vae; do
    compile "$here/$program.cpp" -isystem "$eigen" >>"$scratch/$program"
  done
  compile "$here/vae.cpp" -DFIGMENT_COMPILED >>"$scratch/compiled"
done

# least FILE COLUMN
least() { cut -d' ' -f"$2" "$1" | sort -n | head -n 1; }

beyond=0
# row NAME FILE [TIME_BUDGET MEMORY_BUDGET]: the least of each, and how many times Eigen's that is.
row() {
  awk -v name="$1" -v t="$(least "$scratch/$2" 1)" -v m="$(least "$scratch/$2" 2)" -v t0="$(least "$scratch/eigen" 1)" \
    -v m0="$(least "$scratch/eigen" 2)" -v t_max="${3-}" -v m_max="${4-}" 'BEGIN {
    printf "%-28s %9.2f %9.0f %9.2fx %9.2fx", name, t, m, t / t0, m / m0
    if (t_max != "") printf "   of %.1fx and %.1fx", t_max, m_max
    print ""
    exit t_max != "" && (t > t_max * t0 || m > m_max * m0)
  }' || beyond=1
}
printf '%-28s %9s %9s %10s %10s\n' "${compiler[*]} -O2" seconds MB time memory
row eigen.cpp eigen
row vae.cpp vae $time_budget $memory_budget
row 'vae.cpp, figment::compiled' compiled $compiled_budget $memory_budget
if ((beyond)); then
  echo 'beyond the budget' >&2
  exit 1
fi
