# shellcheck shell=bash disable=SC2154
# Builds build/release, only when something has changed. Sourced with `root` set to the repository.
# QWENFIT_CMAKE_ARGS: more arguments for the first `cmake`.
build_folder=$root/build/release
cores=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)

say() { printf 'qwenfit: %s\n' "$*" >&2; }

# Not one of qwenfit's own exit codes, so that a script can tell "no answer" from "no program".
give_up() {
  say "$*"
  exit 69
}

# Whether the last build of $1 came after every change to what it is made of.
up_to_date() {
  local sources=(CMakeLists.txt cmake src include data)
  [ "$1" = program ] || sources+=(tests tools bench)
  [ -e "$build_folder/$1.built" ] && [ -x "$build_folder/qwenfit" ] &&
    [ -z "$(find "${sources[@]/#/$root/}" -newer "$build_folder/$1.built" -print)" ]
}

# Runs a step with its output in the log; on a terminal the output is shown as it comes.
logged() {
  if [ -t 2 ]; then "$@" >&2; else "$@" >>"$log" 2>&1; fi
}

configure() {
  local options=(-DCMAKE_BUILD_TYPE=Release)
  if [ ! -e "$build_folder/CMakeCache.txt" ]; then
    if command -v ninja >/dev/null; then options+=(-G Ninja); fi
    if [ "$1" = program ]; then options+=(-DQWENFIT_BUILD_TESTS=OFF -DQWENFIT_BUILD_TOOLS=OFF); fi
  fi
  if [ "$1" = tests ]; then options+=(-DQWENFIT_BUILD_TESTS=ON -DQWENFIT_BUILD_TOOLS=ON); fi
  # shellcheck disable=SC2086  # several arguments in one variable
  cmake -S "$root" -B "$build_folder" "${options[@]}" ${QWENFIT_CMAKE_ARGS:-} >>"$log" 2>&1
}

# build program|tests
build() {
  if up_to_date "$1"; then return; fi
  mkdir -p "$build_folder" 2>/dev/null || give_up "can't write to $build_folder"
  log=$build_folder/build.log
  : >"$log"
  if command -v flock >/dev/null; then
    exec 9>"$build_folder/build.lock"
    flock 9
    if up_to_date "$1"; then return; fi
  fi
  . "$root/scripts/lib/setup.sh"
  set_up "$1"
  touch "$build_folder/$1.building"
  if [ -e "$build_folder/$1.built" ]; then say "building what has changed"
  else say "building (a few minutes the first time)"; fi
  if ! configure "$1"; then
    local reason
    if reason=$(grep '^qwenfit: ' "$log"); then give_up "${reason#qwenfit: }"; fi
    cat "$log" >&2
    give_up "could not configure the build: see the lines above"
  fi
  local target=()
  if [ "$1" = program ]; then target=(--target qwenfit_program); fi
  if ! NINJA_STATUS='[%f/%t] ' logged cmake --build "$build_folder" --parallel "$cores" ${target[@]+"${target[@]}"}; then
    [ -t 2 ] || tail -n 40 "$log" >&2
    give_up "the build failed: see the lines above"
  fi
  mv "$build_folder/$1.building" "$build_folder/$1.built"
}
