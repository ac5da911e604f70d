#!/bin/bash
# Measures time per interaction and memory at 1, 10 and 100 times the users and items of beauty.
#
#   scale.sh BUILD OUT [FACTOR...]
#
# BUILD is the build folder, with the targets p2rec and large_data:
# cmake --build BUILD --target p2rec large_data
# The data are synthetic (large_data). Each size is trained for one epoch, with every interaction as a
# target once, and evaluated on 10,000 of its users. TRAIN_OPTIONS are added to the training options; without
# them training is the default with sampled losses. The table is OUT/scale.txt. 100 times are 2.2 million
# users, 20 million interactions and a file of 170 MB.
set -eu -o pipefail
program=$1/p2rec large_data=$1/bench/large_data out=$2
shift 2
[ $# -gt 0 ] || set -- 1 10 100
options=${TRAIN_OPTIONS:---loss sampled_softmax --negatives 256 --share-negatives --lazy-adam --batch 256}
mkdir -p "$out"

# Prints the number of a key in the record of a stage in results.json.
recorded() { awk -v stage="\"$2\"" -v key="\"$3\":" '$2 ~ stage {found = 1} found && $1 == key {gsub(",", "", $2); print $2; exit}' "$1/results.json"; }

{
  printf '%6s %10s %10s %13s %14s %12s %12s %12s\n' times users items interactions 'us/interaction' 'train MiB' 'evaluate s' 'read s'
  for factor in "$@"; do
    data=$out/$factor.txt run=$out/$factor
    [ -f "$data" ] || "$large_data" $((22363 * factor)) $((12101 * factor)) "$data"
    begin=$EPOCHREALTIME
    "$program" stats --data "$data" > "$out/$factor.stats"
    end=$EPOCHREALTIME
    "$program" train --data "$data" --out "$run" --overwrite --starts random --seeds 1 --max-epochs 1 --patience 0 \
      --windows all --evaluate-users 10000 $options 2> "$out/$factor.log"
    "$program" evaluate --out "$run" --overwrite 2>> "$out/$factor.log" > "$out/$factor.table"
    count() { awk -v what="$1" '$1 == what {gsub(",", "", $2); print $2}' "$out/$factor.stats"; }
    awk -v factor="$factor" -v users="$(count users)" -v items="$(count items)" -v interactions="$(count interactions)" \
      -v seconds="$(recorded "$run" train seconds)" -v tokens="$(recorded "$run" train tokens)" \
      -v memory="$(recorded "$run" train peak_rss_mib)" -v evaluation="$(recorded "$run" evaluate seconds)" \
      -v begin="$begin" -v end="$end" 'BEGIN {
        printf "%6d %10d %10d %13d %14.2f %12.0f %12.1f %12.1f\n", factor, users, items, interactions,
               1e6 * seconds / tokens, memory, evaluation, end - begin}'
  done
} | tee "$out/scale.txt"
