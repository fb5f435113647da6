#!/usr/bin/env bash
# Builds one example in Release and runs it.
#   ./examples/run.sh [NAME] [--download] [arguments of the example…]
# NAME is mnist_vae unless given. --download first gets the full MNIST (11 MB), which the examples then use.
#   ./examples/run.sh --help          this and the list of examples
#   ./examples/run.sh NAME --help     the arguments of that example
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=cmake/dependencies.sh
source "$root/cmake/dependencies.sh"

list_examples() {
  local file
  echo 'examples:'
  for file in "$root"/examples/*.cpp; do
    # A program begins with a comment that says what it does.
    [[ -e $file ]] && printf '  %-18s %s\n' "$(basename "$file" .cpp)" "$(sed -n '1s|^// *||p' "$file")"
  done
}

if [[ ${1-} == --help || ${1-} == -h ]]; then
  sed -n '2,/^set /s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
  echo
  list_examples
  exit 0
fi

name=mnist_vae
if [[ -n ${1-} && $1 != -* ]]; then
  name=$1
  shift
fi
if [[ ! -e $root/examples/$name.cpp ]]; then
  { echo "no example is named $name"; list_examples; } >&2
  exit 2
fi

download=false
args=()
for arg in "$@"; do
  if [[ $arg == --download ]]; then download=true; else args+=("$arg"); fi
done

# A build directory of its own: no tests in it, and always Release, whatever build/ is.
build=$root/build/run
log=$build/build.log
mkdir -p "$build"
figment_install build examples
if $download; then cmake -P "$root/cmake/fetch_mnist.cmake"; fi

generator=$(figment_generator "$build")
figment_say "building $name (log: $log)"
if ! { cmake -S "$root" -B "$build" ${generator:+"$generator"} -DCMAKE_BUILD_TYPE=Release -DFIGMENT_BUILD_TESTS=OFF \
  -DFIGMENT_BUILD_EXAMPLES=ON && cmake --build "$build" --target "$name" --parallel "$(figment_cores)"; } \
  >"$log" 2>&1 </dev/null; then
  tail -n 40 "$log" >&2
  figment_say "could not build $name; the whole log is $log"
  exit 1
fi
exec "$build/examples/$name" ${args[@]+"${args[@]}"}
