#!/bin/bash
# Each method on two ranks: the files of one process, and its results beyond rounding.
#
#   ranks_methods_test.sh PROGRAM MPIRUN [METHOD...]
set -eu -o pipefail
program=$1 mpirun=$2
shift 2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
fail() { echo "ranks_methods_test: $1" >&2; [ ! -e err.txt ] || cat err.txt >&2; exit 1; }

# 80 users walk through 40 items, most of them to a near one, and rate every third item well.
awk 'BEGIN { print "user_id:token\titem_id:token\trating:float\ttimestamp:float"
  for (u = 1; u <= 80; ++u) for (t = 0; t < 12; ++t) { i = (u * 7 + t * (1 + u % 3)) % 40
    print u "\t" i "\t" (i % 3 ? 2 : 5) "\t" 881250949 + 5003 * (80 * t + u) } }' > data.inter
awk 'BEGIN { print "item_id:token\ttitle:token_seq\tclass:token"
  for (i = 0; i < 40; ++i) print i "\t" (i % 3 ? "Bright Day " : "Dark Sky ") i "\t" (i % 3 ? "Comedy" : "Drama") }' > data.item

small="hidden=8 inner=8 max-length=8 batch=16 max-epochs=3 patience=2"
teacher="teacher.hidden=8 teacher.inner=8 teacher.max-length=8 teacher.max-epochs=3"
declare -A options=(
  [p2rec]="data seeds=1 $small groups=4 history=8 lora-rank=2 sft-epochs=2"
  [llm_init]="data seeds=1 $small"
  [llmseqsim]="data seeds=1"
  [llmemb]="data seeds=1 $small components=6 align-alpha=0.5 lora-rank=2 sft-epochs=2"
  [larr]="data seeds=1 lora-rank=2 item-table=data.item scene-fields=class pretrain-steps=3 pretrain-batch=4 contrast-steps=3 contrast-batch=4 ctr-hidden=8 ctr-inner=8 ctr-batch=32 ctr-max-epochs=3"
  [self_guide]="seeds=1 test-examples=10 rounds=2 inputs-per-round=8 outputs-per-input=1 filter-length=false filter-labels=false filter-consensus=false balance=false lora-rank=2 sft-epochs=1"
  [delrec]="data seeds=1 candidates=8 evaluate-users=5 train-users=10 history=7 soft-tokens=3 distil-epochs=2 lora-rank=2 sft-epochs=1 $teacher"
  [darec]="data seeds=1 candidates=8 evaluate-users=5 train-users=10 history=3 search-trials=3 random-trials=1 adapt-epochs=1 adapt-batch=3 $teacher"
  [tempura]="data seeds=1 candidates=15 evaluate-users=5 history=4 $teacher"
  [llm2llm]="seeds=1 seed-examples=6 test-examples=6 rounds=2 lora-rank=2 sft-epochs=1"
  [llm2llm_users]="data seeds=1 seed-users=12 rounds=2 groups=4 history=8 lora-rank=2 sft-epochs=1 $teacher"
  [federated]="data seeds=1 groups=4 history=8 lora-rank=2 clients=3 rounds=3 local-steps=2 local-batch=4 partition=dirichlet $teacher"
)

# The numbers of results.json but costs. Rounding may move a user from one place of a list to the next.
same() { # METHOD
  grep -vE '"(seconds|peak_rss_mib|tokens_per_second)"' one/results.json > a.json
  grep -vE '"(seconds|peak_rss_mib|tokens_per_second)"' two/results.json > b.json
  paste -d '\t' a.json b.json | awk -F '\t' -v name="$1" '
    { ++lines; if ($1 == $2) next; a = $1; b = $2; gsub(/[^-0-9.e]/, "", a); gsub(/[^-0-9.e]/, "", b)
      difference = a > b ? a - b : b - a; size = a < 0 ? -a : a
      if (difference > 1e-3 + 1e-2 * size) ++apart }
    END { printf "%s: %d of %d lines differ\n", name, apart, lines; exit apart > 0.02 * lines }' ||
    fail "$1 has other results on two ranks"
}

[ $# -gt 0 ] || mapfile -t all < <("$program" methods | sed -nE 's/^([a-z0-9_]+) \(.*/\1/p')
for method in "${@:-${all[@]}}"; do
  [ -n "${options[$method]:-}" ] || fail "$method: no options"
  { echo "method = \"$method\""; echo "tiny-steps = 4"
    for option in ${options[$method]}; do
      value=${option#*=}
      case $option in
        data) echo 'data = "data.inter"' ;;
        seeds=*|scene-fields=*) [[ $value =~ ^[0-9]+$ ]] || value="\"$value\""; echo "${option%%=*} = [$value]" ;;
        *) [[ $value =~ ^([-0-9.e]+|true|false)$ ]] || value="\"$value\""; echo "${option%%=*} = $value" ;;
      esac
    done; } > small.toml
  rm -rf one two
  "$program" run --config small.toml --out one > one.txt 2> err.txt || fail "$method fails on one process"
  timeout 120 "$mpirun" -n 2 "$program" run --config small.toml --out two > two.txt 2> err.txt || fail "$method fails on two ranks"
  diff <(cd one && find . | sort) <(cd two && find . | sort) || fail "$method leaves other files on two ranks"
  [ "$(wc -l < one.txt)" = "$(wc -l < two.txt)" ] || fail "$method prints another table on two ranks"
  same "$method"
done
