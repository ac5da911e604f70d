#!/bin/bash
# A small project uses p2rec in both ways: as a folder of its own build, and installed by cmake --install.
#
#   consumer_test.sh BUILD
#
# BUILD is a build folder in which all libraries are built.
set -eu -o pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
fail() { echo "consumer_test: $1" >&2; exit 1; }

# consume NAME LIBRARIES OPTIONS...: configures the project in a folder of this name, builds and runs it.
consume() {
  local build=$folder/$1 libraries=$2 program
  cmake -S "$here" -B "$build" "-DLIBRARIES=$libraries" "${@:3}" > "$build.log" 2>&1 ||
    { cat "$build.log"; fail "$1 is not configured"; }
  cmake --build "$build" -j 2 > "$build.log" 2>&1 || { cat "$build.log"; fail "$1 is not built"; }
  for program in ${libraries//;/ }; do
    "$build/uses_$program" || fail "$1: uses_$program ends with $?, expected 0"
  done
  grep -E '"command".*uses_[a-z]+\.cpp' "$build/compile_commands.json" > "$build.commands" ||
    fail "$1: no source of the project is compiled"
  ! grep -nE -- '-march|-fno-math-errno|-Wno-' "$build.commands" ||
    fail "$1: the project's sources are compiled with options of ours"
}
# without PACKAGE...: options that make it an error to look for these packages.
without() { printf -- '-DCMAKE_DISABLE_FIND_PACKAGE_%s=ON\n' "$@"; }
others=(nlohmann_json PkgConfig fmt ZLIB CLI11)

# Debug, for a short build.
consume folder autograd "-DP2REC_CHECKOUT=$here/../.." -DCMAKE_BUILD_TYPE=Debug -DP2REC_CUDA=OFF \
  $(without "${others[@]}" dnnl)

cmake --install "$1" --prefix "$folder/installed" > "$folder/install.log" ||
  { cat "$folder/install.log"; fail "p2rec is not installed"; }
mv "$folder/installed" "$folder/moved"  # an installed library can be moved
export CMAKE_PREFIX_PATH=$folder/moved
consume installed_autograd autograd $(without "${others[@]}" Eigen3)
consume installed "autograd;p2rec;f64"
"$folder/moved/bin/p2rec" --version > "$folder/version" || fail "the installed program does not run"

if cmake -S "$here" -B "$folder/unknown" -DLIBRARIES=layers > "$folder/unknown.log" 2>&1; then
  fail "a component 'layers' is found"
fi
grep -q "found the component 'layers'" "$folder/unknown.log" ||
  { cat "$folder/unknown.log"; fail "an unknown component is not named"; }
