# shellcheck shell=bash disable=SC2154
# Installs what the build needs and this machine lacks. Sourced by build.sh.

# What, how to see that it is there (a command or a header, or another one), its package for apt-get, dnf and
# brew, and what it is for.
needs() {
  cat <<'TABLE'
tool     c++|g++|clang++                      g++                 gcc-c++         gcc            compiles C++20
tool     cmake                                cmake               cmake           cmake          configures the build
tool     ninja|make                           ninja-build         ninja-build     ninja          runs the build
library  nlohmann/json.hpp                    nlohmann-json3-dev  json-devel      nlohmann-json  reads JSON
library  CLI/CLI.hpp                          libcli11-dev        cli11-devel     cli11          reads the command line
library  fmt/format.h                         libfmt-dev          fmt-devel       fmt            formats text
library  yaml-cpp/yaml.h                      libyaml-cpp-dev     yaml-cpp-devel  yaml-cpp       reads plans and manifests
test     catch2/catch.hpp|catch2/catch_all.hpp  catch2            catch-devel     catch2         runs the tests
test     rapidjson/schema.h                   rapidjson-dev       rapidjson-devel  rapidjson     reads JSON Schemas in the tests
fetch    git                                  git                 git             git            fetches libraries
check    clang++                              clang               clang           llvm           compiles the fuzz targets
fuzzer   fuzzer/FuzzedDataProvider.h          libclang-rt-dev     compiler-rt     llvm           runs the fuzz targets
check    clang-format                         clang-format        clang-tools-extra clang-format  checks formatting
check    clang-tidy                           clang-tidy          clang-tools-extra llvm          analyses
check    shellcheck                           shellcheck          ShellCheck      shellcheck     checks shell scripts
TABLE
}

have_command() {
  local name
  for name in ${1//|/ }; do
    if command -v "$name" >/dev/null; then return 0; fi
  done
  return 1
}

have_header() {
  local compiler=${CXX:-c++} test="0" name include=()
  have_command "$compiler" || return 1
  if command -v brew >/dev/null; then include=("-I$(brew --prefix)/include"); fi
  for name in ${1//|/ }; do test="$test || __has_include(<$name>)"; done
  printf '#if !(%s)\n#error missing\n#endif\n' "$test" |
    "$compiler" -std=c++17 ${include[@]+"${include[@]}"} -E -x c++ - >/dev/null 2>&1
}

# Fills `packages` with the packages of the kinds given ("tool library") that are missing, `reasons` with
# "package (what for)".
find_missing() {
  local kind probe apt dnf brew why package
  packages=()
  reasons=
  while read -r kind probe apt dnf brew why; do
    case " $1 " in *" $kind "*) ;; *) continue ;; esac
    case $kind in
      tool | fetch | check) if have_command "$probe"; then continue; fi ;;
      fuzzer) if CXX=clang++ have_header "$probe"; then continue; fi ;;
      *) if have_header "$probe"; then continue; fi ;;
    esac
    case $manager in dnf) package=$dnf ;; brew) package=$brew ;; *) package=$apt ;; esac
    packages+=("$package")
    reasons="$reasons${reasons:+, }$package ($why)"
  done <<<"$(needs)"
}

# Sets `manager` to the package manager, and `as_root` to what goes before its commands.
find_manager() {
  local name
  manager=
  as_root=()
  for name in apt-get dnf brew; do
    if command -v "$name" >/dev/null; then
      manager=$name
      break
    fi
  done
  may_install=true
  if [ -z "$manager" ]; then
    may_install=false
    obstacle="there is no apt-get, dnf or brew here"
  elif [ "$manager" != brew ] && [ "$(id -u)" != 0 ]; then
    if command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
      as_root=(sudo)
    else
      may_install=false
      obstacle="$manager needs root or sudo"
    fi
  fi
}

apt_get() {
  ${as_root[@]+"${as_root[@]}"} env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@" \
    >>"$log" 2>&1 </dev/null
}

install_packages() {
  case $manager in
    apt-get)
      # An image without package lists needs them first; old lists may name versions that are gone.
      if ! compgen -G '/var/lib/apt/lists/*_Packages*' >/dev/null; then
        apt_get -o APT::Update::Error-Mode=any update || return 1
      fi
      apt_get install -y --no-install-recommends "$@" ||
        { apt_get update && apt_get install -y --no-install-recommends "$@"; }
      ;;
    dnf) ${as_root[@]+"${as_root[@]}"} dnf -y -q install "$@" >>"$log" 2>&1 </dev/null ;;
    brew) brew install --quiet "$@" >>"$log" 2>&1 </dev/null ;;
  esac
}

# Installs `packages`, or fails with the reason in `obstacle`.
install_missing() {
  $may_install || return 1
  say "installing with $manager: $reasons"
  install_packages "${packages[@]}" && return
  obstacle="$manager failed (is there a network connection? its output is in $log)"
  return 1
}

# Installs what is missing of the kinds given, or gives up.
require() {
  find_manager
  find_missing "$1"
  if [ ${#packages[@]} -gt 0 ] && ! install_missing; then
    give_up "can't go on without $reasons: $obstacle"
  fi
}

# set_up program|tests
set_up() {
  require tool
  if [ "$1" = tests ]; then find_missing "library test"; else find_missing library; fi
  if [ ${#packages[@]} -eq 0 ] || install_missing; then return; fi
  # CMake fetches what is not installed.
  local wanted=$reasons
  find_missing fetch
  if [ ${#packages[@]} -gt 0 ] && ! install_missing; then
    give_up "can't go on without $wanted, or git to fetch it: $obstacle"
  fi
  say "fetching $wanted: $obstacle"
}
