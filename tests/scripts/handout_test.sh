#!/bin/bash
# Tests `make handout`: a student's copy has the exercises and no answers, and CMake finds the exercises in it.
set -eu -o pipefail
cd "$(dirname "$0")/../.."
git ls-files > /dev/null 2>&1 || { echo "[SKIPPED] this is no git checkout, and make handout copies what git knows"; exit 0; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
handout=$folder/handout

fail() { echo "handout_test: $1" >&2; exit 1; }

make -s handout HANDOUT="$handout"
[ ! -e "$handout/tutorials/answers" ] || fail "the answers are in the copy"
[ -e "$handout/tutorials/exercises/02_tensors_and_tape/a_silu.h" ] || fail "the exercises are not in the copy"
echo "// written by a student" >> "$handout/tutorials/exercises/02_tensors_and_tape/a_silu.h"
make -s handout HANDOUT="$handout" > "$folder/printed.txt" 2>&1 && fail "a copy that is there was overwritten"
grep -q "is there already" "$folder/printed.txt" || fail "expected 'is there already', found $(cat "$folder/printed.txt")"

cmake -S "$handout" -B "$folder/build" -DP2REC_CUDA=OFF > "$folder/printed.txt" || fail "CMake does not work in the copy"
cmake --build "$folder/build" --target help > "$folder/printed.txt"
grep -q "exercise_02a" "$folder/printed.txt" || fail "there is no target exercise_02a in the copy"
! grep -q "answers" "$folder/printed.txt" || fail "there is a target answers in the copy"
