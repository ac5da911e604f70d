#!/bin/bash
# Tests the study from its first stage to its last table, on data so small that it takes seconds; then runs it
# again.
#
#   study_test.sh PROGRAM
set -eu -o pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/small.toml" << 'END'
groups = 4
hidden = 8
inner = 8
max-length = 10
max-epochs = 2
patience = 2
sft-epochs = 1
tiny-steps = 2
seeds = [1]
END

study() { bash "$root/p2rec/scripts/study.sh" "$1" "$folder/small.toml" synthetic tiny "$folder/out" > "$folder/printed.txt"; }
fail() { echo "study_test: $1" >&2; exit 1; }

study "$1"
for expected in sasrec:6 gru4rec:3 bert4rec:3 bert4rec-row:3 sasrec-frozen:2 sasrec-concat:2; do
  name=${expected%:*} starts=${expected#*:}
  # One line per start in each table: all users, rare, frequent, short, long. One curve per start.
  lines=$(grep -cE '^(random|p2rec|p2rec_shuffled|llm_untuned|teacher|groups) .*0\.' "$folder/out/$name.txt") ||
    fail "$name.txt holds no table"
  [ "$lines" = $((5 * starts)) ] || fail "$name.txt holds $lines lines of $starts starts; expected $((5 * starts))"
  curves=$(tail -n +2 "$folder/out/$name.curves.tsv" | cut -f 1 | sort -u | wc -l)
  [ "$curves" = "$starts" ] || fail "$name.curves.tsv holds $curves curves; expected $starts"
done
cp -r "$folder/out" "$folder/before"
study "$1"
for table in "$folder"/before/*.txt "$folder"/before/*.tsv; do
  cmp "$table" "$folder/out/$(basename "$table")" || fail "a second run changed $(basename "$table")"
done
for weights in "$folder"/before/*/recommender-*; do
  cmp "$weights" "${weights/before/out}" || fail "a second run changed ${weights#"$folder"/before/}"
done
