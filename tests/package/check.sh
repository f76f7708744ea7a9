#!/bin/sh
# check.sh CMAKE BUILD_FOLDER: installs the build into a folder of its own, then builds and runs the program
# beside this file with nothing but find_package(qwenfit).
set -eu
cmake=$1
build=$2
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$cmake" --install "$build" --prefix "$work/prefix" >"$work/log"
"$cmake" -S "$here" -B "$work/consumer" -DCMAKE_PREFIX_PATH="$work/prefix" >>"$work/log"
"$cmake" --build "$work/consumer" >>"$work/log" || { cat "$work/log"; exit 1; }
answer=$("$work/consumer/consumer")
echo "$answer"
[ "$answer" = "8190735360 parameters, fits" ]
"$work/prefix/bin/qwenfit" --version
