#!/usr/bin/env bash
# Builds the benchmarks in Release, runs them beside their peers, and prints one table in Markdown on stdout.
#   ./benchmarks/run.sh [--quick] [--only PARTS] [--threads LIST] [--torch PYTHON]… [--no-compile] [--no-install]
# --quick         few and short rounds, in minutes: for a look, not for quoting
# --only PARTS    of gemm,conv,elementwise,shape_ops,steps; all of them unless given
# --threads LIST  1,2 unless given
# --torch PYTHON  an interpreter that has PyTorch; with several, a case's peer is the fastest of them. Unless given:
#                 python3 on the PATH and /usr/bin/python3 (Debian's python3-torch), those of them that have it
# --no-compile    leaves torch.compile out, which takes minutes to compile
# --no-install    installs nothing. Otherwise oneDNN, OpenBLAS and PyTorch are installed by apt where that is permitted;
#                 a peer that is not there is left out
# Each program verifies its results before it measures; the first that fails ends the run. Nothing else should run
# beside it.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=cmake/dependencies.sh
source "$root/cmake/dependencies.sh"
trap 'exit 130' INT
trap 'exit 143' TERM

refuse() {
  figment_say "run.sh: $* (see --help)"
  exit 2
}

quick=false install=true compiled=true only=gemm,conv,elementwise,shape_ops,steps threads=1,2
pythons=()
while (($#)); do
  case $1 in
    -h | --help)
      sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"
      exit 0
      ;;
    --quick) quick=true ;;
    --no-install) install=false ;;
    --no-compile) compiled=false ;;
    --only | --threads | --torch)
      [[ -n ${2-} ]] || refuse "$1 needs a value"
      case $1 in
        --only) only=$2 ;;
        --threads) threads=$2 ;;
        --torch) pythons+=("$2") ;;
      esac
      shift
      ;;
    *) refuse "expected no argument '$1'" ;;
  esac
  shift
done
[[ $threads =~ ^[1-9][0-9]*(,[1-9][0-9]*)*$ ]] || refuse "--threads: expected numbers like 1,2, found '$threads'"
[[ $only =~ ^(gemm|conv|elementwise|shape_ops|steps)(,(gemm|conv|elementwise|shape_ops|steps))*$ ]] ||
  refuse "--only: expected parts of gemm,conv,elementwise,shape_ops,steps, found '$only'"
wants() { [[ ,$only, == *,$1,* ]]; }

has_torch() { "$1" -c 'import importlib.util as u, sys; sys.exit(not u.find_spec("torch"))' 2>/dev/null; }
for python in ${pythons[@]+"${pythons[@]}"}; do
  has_torch "$python" || refuse "--torch: '$python' has no PyTorch"
done

build=$root/build/bench
log=$build/build.log
results=$build/results
mkdir -p "$build" "$results"
figment_install build benchmarks
if $install; then figment_install peers || true; fi

if { wants steps || wants shape_ops; } && ((${#pythons[@]} == 0)); then
  for python in python3 /usr/bin/python3; do
    python=$(command -v "$python" || true)
    if [[ -n $python && " ${pythons[*]-} " != *" $python "* ]] && has_torch "$python"; then pythons+=("$python"); fi
  done
  if ((${#pythons[@]} == 0)); then figment_say 'no PyTorch is installed: steps and shape_ops have no peer'; fi
fi

generator=$(figment_generator "$build")
figment_say "building (log: $log)"
if ! { cmake -S "$root" -B "$build" ${generator:+"$generator"} -DCMAKE_BUILD_TYPE=Release -DFIGMENT_BUILD_TESTS=OFF \
  -DFIGMENT_BUILD_EXAMPLES=OFF -DFIGMENT_BUILD_BENCHMARKS=ON &&
  cmake --build "$build" --parallel "$(figment_cores)"; } >"$log" 2>&1 </dev/null; then
  tail -n 40 "$log" >&2
  figment_say "could not build the benchmarks; the whole log is $log"
  exit 1
fi
programs=$build/benchmarks

# measure FILE COMMAND…: appends what it prints to the file, ends the run if it fails.
measure() {
  local file=$1 code=0
  shift
  figment_say "$*"
  "$@" >>"$file" </dev/null || code=$?
  if ((code)); then
    if ((code < 128)); then figment_say "failed: $*"; fi
    exit "$code"
  fi
}

rounds=5 seconds=3 short=()
if $quick; then rounds=1 seconds=1 short=(--quick); fi

for n in ${threads//,/ }; do
  rm -f "$results"/*."$n"
  if wants gemm; then measure "$results/gemm.$n" "$programs/gemm" "$n"; fi
  if wants conv; then measure "$results/conv.$n" "$programs/conv" --threads "$n" --json ${short[@]+"${short[@]}"}; fi
  if wants elementwise && [[ -e $programs/elementwise ]]; then
    measure "$results/elementwise.$n" "$programs/elementwise" --threads "$n" --json ${short[@]+"${short[@]}"}
  fi
  if wants shape_ops; then
    for ((round = 0; round < rounds; ++round)); do
      arguments=(--threads "$n" --json ${short[@]+"${short[@]}"})
      measure "$results/shape_ops.$n" "$programs/shape_ops" "${arguments[@]}"
      for python in ${pythons[@]+"${pythons[@]}"}; do
        measure "$results/shape_ops.$n" "$python" "$root/benchmarks/peers/torch_shape_ops.py" "${arguments[@]}"
      done
    done
  fi
  if wants steps; then
    for case in vae-256 gan-keras-mnist dcgan-tf ae-conv; do
      arguments=(--threads "$n" --case "$case" --seconds "$seconds" --json)
      for ((round = 0; round < rounds; ++round)); do
        measure "$results/steps.$n" "$programs/training_step" "${arguments[@]}"
        for python in ${pythons[@]+"${pythons[@]}"}; do
          torch=("$python" "$root/benchmarks/peers/torch_steps.py" "${arguments[@]}")
          # The first round finds the fastest variant; the others take it from there.
          chosen=$results/variant.${python//\//_}.$case.$n
          if [[ -e $chosen ]]; then torch+=(--variant "$(<"$chosen")"); fi
          measure "$results/steps.$n" "${torch[@]}"
          if [[ ! -e $chosen ]]; then
            sed -n '$s/.*"variant": "\([^"]*\)".*/\1/p' "$results/steps.$n" >"$chosen"
          fi
          if $compiled && "$python" -c 'import torch, sys; sys.exit(not hasattr(torch, "compile"))' 2>/dev/null; then
            measure "$results/steps.$n" "${torch[@]}" --variant "$(<"$chosen")" --compile
          fi
        done
      done
    done
  fi
done

cpu=$(sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo 2>/dev/null | head -n 1)
printf '%s, %s cores, %s. Ratios above 1: figment is faster (or smaller).\n\n' "${cpu:-$(uname -m)}" "$(figment_cores)" \
  "$(uname -s)"
printf '| benchmark | threads | figment | peer | ratio |\n|---|---|---|---|---|\n'
for n in ${threads//,/ }; do
  for part in gemm conv elementwise shape_ops steps; do
    if [[ -s $results/$part.$n ]]; then
      awk -v part=$part -v n="$n" -f "$root/benchmarks/support/table.awk" "$results/$part.$n"
    fi
  done
done
