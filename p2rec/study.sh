#!/bin/bash
# Whether the enhanced embeddings help, on one data set: several recommenders and several uses of the same embeddings.
#
#   study.sh PROGRAM CONFIG DATA LLM OUT
#
# OUT/embeddings holds the stages up to the embeddings. From them start SASRec with all its starts, GRU4Rec and BERT4Rec from random,
# p2rec and p2rec_shuffled, and SASRec with the embeddings frozen and concatenated against random vectors that are used the same
# way, each in a folder of its own. What was interrupted goes on; what is done is only ranked again. OUT/NAME.txt is a run's table
# and the validation NDCG@10 of each start by epoch, the mean over its seeds.
set -eu -o pipefail
program=$1 config=$2 data=$3 llm=$4 out=$5
mkdir -p "$out"

# curves RUN: a line per start, the mean over its seeds after some epochs; a seed that has stopped keeps its best.
curves() {
  awk '
    /validation_ndcg@10/ && match($0, /"task": "train\/[^"]*/) {
      split(substr($0, RSTART + 15, RLENGTH - 15), name, "-")
      match($0, /"epoch": [0-9]+/); epoch = substr($0, RSTART + 9, RLENGTH - 9) + 0
      match($0, /@10": [-+.e0-9]+/); value = substr($0, RSTART + 6, RLENGTH - 6) + 0
      start = name[1]; seed = name[2]
      if (!(start in seeds)) order[++starts] = start
      if (!((start, seed) in last)) seeds[start]++
      if (value > best[start, seed]) best[start, seed] = value
      found[start, seed, epoch] = value; last[start, seed] = epoch; known[start, seed] = 1
    }
    END {
      count = split("1 2 4 8 12 16 24 32 48 64 96 128", epochs, " ")
      printf "%-16s", "validation after"
      for (i = 1; i <= count; i++) printf "%8d", epochs[i]
      printf "%8s\n", "best"
      for (s = 1; s <= starts; s++) {
        start = order[s]
        printf "%-16s", start
        for (i = 0; i <= count; i++) {
          sum = running = 0
          for (key in known) {
            split(key, part, SUBSEP)
            if (part[1] != start) continue
            if (i < count && last[key] >= epochs[i + 1]) { sum += found[start, part[2], epochs[i + 1]]; running++ }
            else sum += best[start, part[2]]
          }
          if (i == count || running) printf "%8.4f", sum / seeds[start]; else printf "%8s", ""
        }
        printf "\n"
      }
    }' "$out/$1/log.jsonl"
}

# The stages up to the embeddings, once.
for stage in pretrain groups reconstruct augment; do
  echo "$stage"
  "$program" "$stage" --config "$config" --data "$data" --llm "$llm" --out "$out/embeddings" \
    $([ ! -f "$out/embeddings/config.toml" ] || echo --resume) 2>> "$out/embeddings.log" || {
    tail -n 1 "$out/embeddings.log" >&2
    exit 1
  }
done

# study NAME OPTION...: trains recommenders from the embeddings, in a folder of their own, ranks them and writes OUT/NAME.txt.
study() {
  local name=$1
  shift
  echo "$name"
  if [ ! -d "$out/$name" ]; then
    rm -rf "$out/$name.part"
    cp -r "$out/embeddings" "$out/$name.part"
    mv "$out/$name.part" "$out/$name"
  fi
  "$program" train --out "$out/$name" --resume "$@" 2>> "$out/$name.log" &&
    "$program" evaluate --out "$out/$name" --resume 2>> "$out/$name.log" > "$out/$name.table" || {
    tail -n 1 "$out/$name.log" >&2
    exit 1
  }
  { cat "$out/$name.table"; echo; curves "$name"; } | tee "$out/$name.txt"
}

study sasrec
study gru4rec --model gru4rec --starts random,p2rec,p2rec_shuffled
study bert4rec --model bert4rec --starts random,p2rec,p2rec_shuffled
study sasrec-frozen --use frozen --starts random,p2rec
study sasrec-concat --use concat --starts random,p2rec
