#!/bin/bash
# Whether the enhanced embeddings help, on one data set: several recommenders and several uses of the same embeddings.
#
#   study.sh PROGRAM CONFIG DATA LLM OUT
#
# OUT/embeddings holds the stages up to the embeddings. From them start SASRec with all its starts, GRU4Rec and BERT4Rec from random,
# p2rec and p2rec_shuffled, and SASRec with the embeddings frozen and concatenated against random vectors that are used the same
# way, each in a folder of its own. What was interrupted goes on; what is done is only ranked again. OUT/NAME.txt is a run's tables,
# for all users, for rare items and for short histories, and the validation NDCG@10 of each start by epoch, the mean over its seeds.
set -eu -o pipefail
program=$1 config=$2 data=$3 llm=$4 out=$5 here=$(dirname "$0")
mkdir -p "$out"

# The stages up to the embeddings, once.
for stage in pretrain groups $([ "$llm" != tiny ] || echo tiny_llm) reconstruct augment; do
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
  "$program" train --config "$config" --data "$data" --llm "$llm" --from "$out/embeddings" --out "$out/$name" \
    --resume "$@" 2>> "$out/$name.log" &&
    "$program" evaluate --out "$out/$name" --resume 2>> "$out/$name.log" > /dev/null || {
    tail -n 1 "$out/$name.log" >&2
    exit 1
  }
  { "$program" results --out "$out/$name"; echo; awk -f "$here/validation_curves.awk" "$out/$name/log.jsonl"; } | tee "$out/$name.txt"
}

study sasrec
study gru4rec --model gru4rec --starts random,p2rec,p2rec_shuffled
# Without the head of RecBole's form, with which it learns the windows by heart (p2rec/configs/rows/beauty-bert4rec.toml); with the
# study's settings, and with the dropout and the feed-forward layer of its row, which suit it better.
study bert4rec --model bert4rec --variant plain --starts random,p2rec,p2rec_shuffled
study bert4rec-row --model bert4rec --variant plain --dropout 0.2 --inner 256 --starts random,p2rec,p2rec_shuffled
study sasrec-frozen --use frozen --starts random,p2rec
study sasrec-concat --use concat --starts random,p2rec
