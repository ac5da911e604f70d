#!/bin/bash
# Tests on one data set if the enhanced embeddings help several recommenders, used in several ways.
#
#   study.sh PROGRAM CONFIG DATA LLM OUT
#
# OUT/embeddings has the stages up to the embeddings. Each of these starts from them, in its own folder:
#   SASRec with all starts
#   GRU4Rec and BERT4Rec with the starts random, p2rec and p2rec_shuffled
#   SASRec with frozen and with concatenated embeddings, compared with random vectors used the same way
# An interrupted run is resumed; a finished one is only ranked again. OUT/NAME.txt has
# a run's tables (all users, rare items, short histories, ...), OUT/NAME.curves.tsv
# the validation NDCG@10 of each start and seed by epoch.
set -eu -o pipefail
program=$1 config=$2 data=$3 llm=$4 out=$5
mkdir -p "$out"

# Runs the stages up to the embeddings once.
for stage in pretrain groups $([ "$llm" != tiny ] || echo tiny_llm) reconstruct augment; do
  echo "$stage"
  "$program" "$stage" --config "$config" --data "$data" --llm "$llm" --out "$out/embeddings" \
    $([ ! -f "$out/embeddings/config.toml" ] || echo --resume) 2>> "$out/embeddings.log" || {
    tail -n 1 "$out/embeddings.log" >&2
    exit 1
  }
done

# study NAME OPTION...: trains recommenders from the embeddings in
# OUT/NAME, ranks them and writes OUT/NAME.txt and OUT/NAME.curves.tsv.
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
  "$program" curves --out "$out/$name" > "$out/$name.curves.tsv"
  "$program" results --out "$out/$name" | tee "$out/$name.txt"
}

study sasrec
study gru4rec --model gru4rec --starts random,p2rec,p2rec_shuffled
# Without RecBole's head, with which it memorises the windows
# (p2rec/configs/rows/beauty-bert4rec.toml); once with the study's settings, and once with the dropout
# and the feed-forward size of its row, which are better for it.
study bert4rec --model bert4rec --variant plain --starts random,p2rec,p2rec_shuffled
study bert4rec-row --model bert4rec --variant plain --dropout 0.2 --inner 256 --starts random,p2rec,p2rec_shuffled
study sasrec-frozen --use frozen --starts random,p2rec
study sasrec-concat --use concat --starts random,p2rec
