#!/bin/bash
# Tests a study from its first stage to its last table, on data so small that it takes seconds; then runs it
# again.
#
#   study_test.sh PROGRAM
set -eu -o pipefail
program=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# 80 users walk through 40 items; a title has a word of its item's half.
awk 'BEGIN { for (u = 1; u <= 80; ++u) { printf "%d", u; for (t = 0; t < 8; ++t) printf " %d", (u * 7 + t * (1 + u % 3)) % 40 + 1; print "" } }' > "$folder/data.txt"
awk 'BEGIN { print "item_id:token\ttitle:token_seq\tyear:token"; for (i = 1; i <= 40; ++i) printf "%d\t%s %d\t%d\n", i, i % 2 ? "Red" : "Blue", i, 1990 + i % 5 }' > "$folder/data.item"
cat > "$folder/study.toml" << END
data = "$folder/data.txt"
llm = "tiny"
hidden = 8
inner = 8
max-length = 10
max-epochs = 2
patience = 2
lora-rank = 2
sft-epochs = 1
tiny-steps = 2
seeds = [1, 2]
groups = 4
[study]
models = ["sasrec", "wide"]
runs = ["controls", "p2rec", "random_llm", "llm_init", "llmemb"]
baselines = ["controls/random", "controls/teacher"]
[models.wide]
model = "gru4rec"
lr = 2e-3
[runs.controls]
method = "p2rec"
starts = ["random", "teacher", "groups"]
[runs.p2rec]
starts = ["p2rec", "p2rec_shuffled_in_groups"]
trials = 1
[runs.random_llm]
method = "p2rec"
starts = ["p2rec"]
random-weights = true
[runs.llm_init]
starts = ["llm_init"]
models = ["sasrec"]
[runs.llmemb]
starts = ["llmemb"]
END

fail() { echo "study_test: $1" >&2; exit 1; }
study() { "$program" study --config "$folder/study.toml" --out "$folder/out" > "$folder/printed.txt" 2> "$folder/log.txt" || { cat "$folder/log.txt" >&2; fail "the study failed"; }; }

study
for model in sasrec wide; do
  for arm in controls/random controls/teacher controls/groups p2rec/p2rec p2rec/p2rec_shuffled_in_groups \
             random_llm/p2rec llmemb/llmemb controls/popularity; do
    grep -q "^$arm  *0\." "$folder/out/$model.txt" || fail "$model.txt has no line of $arm"
  done
  [ "$(grep -c '/popularity' "$folder/out/$model.txt")" = 1 ] || fail "$model.txt has popularity more than once"
done
grep -q "^llm_init/llm_init " "$folder/out/sasrec.txt" || fail "sasrec.txt has no line of llm_init"
if grep -q "^llm_init/llm_init " "$folder/out/wide.txt"; then fail "wide.txt has llm_init, which is for sasrec only"; fi
# Two baselines: two differences in each other line, one in a baseline's own.
[ "$(grep '^p2rec/p2rec ' "$folder/out/sasrec.txt" | grep -o '\[' | wc -l)" = 2 ] || fail "p2rec is not compared with both baselines"
[ "$(grep '^controls/random ' "$folder/out/sasrec.txt" | grep -o '\[' | wc -l)" = 1 ] || fail "random is compared with itself"
# With other weights, the language model gives other embeddings.
if cmp -s "$folder"/out/{p2rec,random_llm}/embeddings/item_embeddings_untuned.safetensors; then fail "random-weights has no effect"; fi
# What is drawn for one run does not change another.
[ -f "$folder/out/p2rec/tune/trials.txt" ] || fail "p2rec was not tuned"
[ ! -e "$folder/out/llmemb/tune" ] || fail "llmemb was tuned"
for stage in reconstruct contrast train evaluate; do grep -q " $stage " "$folder/out/cost.txt" || fail "cost.txt has no $stage"; done
grep -q "llmemb/llmemb" "$folder/out/cost.txt" || fail "cost.txt has no bytes of llmemb"

cp -r "$folder/out" "$folder/before"
study
for file in "$folder"/before/*.txt "$folder"/before/*/*/recommender-*; do
  cmp "$file" "${file/before/out}" || fail "a second run changed ${file#"$folder"/before/}"
done
# A mistake in the file is named with its line.
sed -i 's/^groups = 4/grops = 4/' "$folder/study.toml"
"$program" study --config "$folder/study.toml" --out "$folder/none" 2> "$folder/log.txt" && fail "a wrong option was taken"
grep -q "study.toml:12: grops: no run of this study has such an option" "$folder/log.txt" || { cat "$folder/log.txt" >&2; fail "the wrong option is not named"; }
