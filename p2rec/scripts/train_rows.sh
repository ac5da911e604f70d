#!/bin/bash
# Trains the published rows one after the other and prints their results beside the published ones:
#
#   train_rows.sh PROGRAM DATA OUT [ROW...]
#
# PROGRAM is build/p2rec, beside build/bench/published_rows. DATA has the folders beauty, lastfm and
# ml-1m. ROWs are names of p2rec/configs/rows/*.toml; without any, all rows. An interrupted row is
# resumed; a finished one is only ranked again. OUT/ROW is the run of the row, OUT/ROW.log its messages,
# OUT/ROW.txt its result, OUT/ROW.curves.tsv its validation curves, OUT/rows.txt the table of all rows.
set -eu -o pipefail
program=$1 data=$2 out=$3
shift 3
here=$(dirname "$0")
configs=$here/../configs/rows
published=$configs/published.tsv
[ $# -gt 0 ] || set -- $(tail -n +2 "$published" | cut -f 1)
mkdir -p "$out"
for row in "$@"; do
  set_of_row=$(awk -F '\t' -v row="$row" '$1 == row {print $2}' "$published")
  if [ -z "$set_of_row" ]; then
    echo "train_rows.sh: $row: there is no such row in $published" >&2
    exit 2
  fi
  if [ ! -d "$data/$set_of_row" ]; then
    echo "$row: skipped, there is no $data/$set_of_row"
    continue
  fi
  echo "$row"
  for stage in train evaluate; do
    resume=""
    [ ! -f "$out/$row/config.toml" ] || resume=--resume
    "$program" "$stage" --config "$configs/$row.toml" --data "$data/$set_of_row" --out "$out/$row" $resume \
      2>> "$out/$row.log" > "$out/$row.table" || {
      tail -n 1 "$out/$row.log" >&2
      exit 1
    }
  done
  {
    cat "$out/$row.table"
    grep -o 'train/[^:]*: [0-9]* epochs.*' "$out/$row.log" || true
  } | tee "$out/$row.txt"
  "$program" curves --out "$out/$row" > "$out/$row.curves.tsv"
done
"$(dirname "$program")/bench/published_rows" "$published" "$out" | tee "$out/rows.txt"
