#!/bin/bash
# Builds and grades all exercises: a row each, with the log in BUILD/exercises/, and BUILD/scores.json.
#
#   grade_all.sh BUILD JOBS     BUILD is configured, with make
set -eu -o pipefail
cd "$(dirname "$0")/../.."
build=$1
logs=$build/exercises
programs=$build/tutorials/exercises
rm -rf "$logs" "$programs"/exercise_???  # so that one that does not compile has no program
mkdir -p "$logs"
cmake --build "$build" -j "$2" --target exercises -- -k > "$logs/build.txt" 2>&1 || true

for test in tutorials/exercises/*_*/*_test.cpp; do
  chapter=$(basename "$(dirname "$test")")
  name=$(basename "$test" _test.cpp)
  id=${chapter:0:2}${name%%_*}
  if [ -x "$programs/exercise_$id" ]; then
    "$programs/exercise_$id" "$logs/scores.txt" > "$logs/$id.txt" 2>&1 || true
    tail -n 1 "$logs/$id.txt"
  else
    of=$(sed -n 's/^EXERCISE("[^"]*", *\([0-9.]*\),.*/\1/p' "$test")
    why=$(grep -m 1 "error:" <(grep "$chapter/${name}[._]" "$logs/build.txt") | tr -d '"\\' || true)
    why=${why:-see $logs/build.txt}
    printf '%-27s %s  %4.3g of %g  does not compile: %s\n' "$chapter" "$id" 0 "$of" "$why"
    printf '{"chapter":"%s","exercise":"%s","fails":[{"part":"all","why":"does not compile: %s"}],"of":%s,"points":0}\n' \
      "$chapter" "$id" "$why" "$of" >> "$logs/scores.txt"
  fi
done
{ echo "["; sed '$!s/$/,/' "$logs/scores.txt"; echo "]"; } > "$build/scores.json.tmp"
mv "$build/scores.json.tmp" "$build/scores.json"
echo "The reports are in $logs/, the points in $build/scores.json."
