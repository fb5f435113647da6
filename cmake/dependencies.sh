# Sourced by the scripts: installs what figment is built with, on systems with apt where that is permitted. Elsewhere it
# only says so, and CMake fetches the libraries. Nothing here writes to stdout.
#
#   figment_install GROUP...    groups: build tests examples benchmarks peers checks neon coverage
# shellcheck shell=bash

figment_say() { printf '%s\n' "$*" >&2; }

# The commands a group needs, as command:package; a|b is satisfied by either.
figment_tools() {
  case $1 in
    build) echo 'c++|g++|clang++:g++' cmake:cmake 'ninja|make:make' ;;
    checks) echo clang++:clang clang-format:clang-format clang-tidy:clang-tidy ninja:ninja-build doxygen:doxygen ;;
    coverage) echo gcovr:gcovr ;;
    neon) echo aarch64-linux-gnu-g++:g++-aarch64-linux-gnu qemu-aarch64:qemu-user ;;
  esac
}

# The libraries a group needs: Debian's and Ubuntu's names.
figment_libraries() {
  case $1 in
    build) echo libeigen3-dev zlib1g-dev libstb-dev nlohmann-json3-dev ;;
    tests) echo catch2 libcli11-dev libgif-dev ;;
    examples) echo libcli11-dev libgif-dev ca-certificates ;;
    benchmarks) echo libbenchmark-dev libcli11-dev ;;
    peers) echo libdnnl-dev libopenblas-dev python3-torch ;;
    checks) echo libclang-rt-dev libc++-dev libc++abi-dev dataset-fashion-mnist ;;
  esac
}

figment_has_command() {
  local name
  local -a names
  IFS='|' read -ra names <<<"$1"
  for name in "${names[@]}"; do
    if command -v "$name" >/dev/null; then return 0; fi
  done
  # CXX=/some/compiler is a compiler too.
  [[ $1 == 'c++|'* && -n ${CXX-} ]] && command -v "${CXX%% *}" >/dev/null
}

# Quiet while it works: only a failure shows what apt said.
figment_apt() {
  local -a as_root=()
  local said status=0
  if [[ $EUID != 0 ]]; then as_root=(sudo -n); fi
  said=$("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 "$@" 2>&1 </dev/null) ||
    status=$?
  if ((status)); then tail -n 5 <<<"$said" >&2; fi
  return $status
}

figment_install() {
  local group entry package
  local -a tools=() wanted=() missing=()
  for group in "$@"; do
    for entry in $(figment_tools "$group"); do
      figment_has_command "${entry%:*}" || tools+=("${entry##*:}")
    done
    for package in $(figment_libraries "$group"); do wanted+=("$package"); done
  done

  if command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; then
    for package in ${wanted[@]+"${wanted[@]}"}; do
      [[ $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) == 'install ok installed' ]] || missing+=("$package")
    done
    missing+=(${tools[@]+"${tools[@]}"})
    if ((${#missing[@]} == 0)); then return 0; fi
    if [[ $EUID == 0 ]] || sudo -n true 2>/dev/null; then
      figment_say "installing ${missing[*]}"
      figment_apt update || figment_say 'apt-get update failed, trying with the lists as they are'
      # One by one when that fails: a name this release does not have must not keep the others out.
      figment_apt install -y --no-install-recommends "${missing[@]}" ||
        for package in "${missing[@]}"; do
          figment_apt install -y --no-install-recommends "$package" || figment_say "could not install $package"
        done
    else
      figment_say "not installed, and no right to install: ${missing[*]} (CMake fetches the libraries)"
    fi
  elif ((${#tools[@]} == 0)); then
    return 0
  fi

  for group in "$@"; do
    for entry in $(figment_tools "$group"); do
      figment_has_command "${entry%:*}" || { figment_say "please install ${entry##*:}"; return 1; }
    done
  done
}

# A generator for a new build directory; one that is there keeps its own.
figment_generator() {
  if [[ ! -e $1/CMakeCache.txt ]] && command -v ninja >/dev/null; then printf -- '-GNinja'; fi
}

figment_cores() { getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2; }
