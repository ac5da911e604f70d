#!/usr/bin/env bash
# Makes a folder of at most 10 MB that builds and tests p2rec on another machine with a GPU, which needs only
# nvcc 12 or newer, g++, CMake and make: the sources, the packages' headers and libraries, and run.sh.
#
# usage: tests/device/make_bundle.sh FOLDER
#
# Needs Debian or Ubuntu on x86-64 with the packages installed (make device-bundle does that). They are copied
# from the system, so the other machine's glibc must not be older.
set -euo pipefail
cd "$(dirname "$0")/../.."
out=$1
[ ! -e "$out" ] || { echo "make_bundle.sh: $out exists; hint: remove it first" >&2; exit 2; }
mkdir -p "$out"
packages=$(mktemp -d)
trap 'rm -rf "$packages"' EXIT

for package in libeigen3-dev doctest-dev libbenchmark-dev libfmt-dev libcli11-dev nlohmann-json3-dev \
               libtomlplusplus-dev libpcre2-dev libutf8proc-dev libxxhash-dev zlib1g-dev; do
  dpkg -L $package | grep -E '^/usr/include/|/cmake/' | grep -v '/unsupported' | while read -r file; do
    [ ! -f "$file" ] || cp --parents "$file" "$packages"
  done
done
rm -r "$packages"/usr/lib/x86_64-linux-gnu  # CMake files that name libraries of the system
cp -r "$packages"/usr/. "$packages"
rm -r "$packages/usr"
kind=$packages/include/x86_64-linux-gnu  # Ubuntu's zconf.h is there
[ ! -d "$kind" ] || cp -r "$kind"/. "$packages/include"
system=/usr/lib/x86_64-linux-gnu
cp $system/libpcre2-8.a $system/libutf8proc.a $system/libxxhash.a $system/libz.a "$packages/lib"
benchmark=$(objdump -p $system/libbenchmark.so | sed -n 's/ *SONAME *//p')
cp $system/libbenchmark.so "$packages/lib/$benchmark"

tar -C "$packages" -czf "$out/packages.tar.gz" .
git ls-files -z | tar --null -T - -czf "$out/sources.tar.gz"
cp tests/device/run.sh "$out"
bytes=$(du -sb "$out" | cut -f 1)
[ "$bytes" -le 10000000 ] || { echo "make_bundle.sh: $out has $bytes bytes, expected at most 10 MB" >&2; exit 1; }
echo "$out has $bytes bytes. On the other machine: bash run.sh"
