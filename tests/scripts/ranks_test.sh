#!/bin/bash
# The program on several ranks: the results of one process, one message for an error, the end of all ranks after
# one is killed or all are told to stop, and resuming on another number of them.
#
#   ranks_test.sh PROGRAM MPIRUN
#
# P2REC_KILLS: how many runs to kill (default 1), at moments that P2REC_SEED draws.
set -eu -o pipefail
program=$1 mpirun=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
RANDOM=${P2REC_SEED:-1}
# 80 users walk through 40 items, most of them to a near one.
awk 'BEGIN { print "user,item,timestamp"; for (u = 1; u <= 80; ++u) for (t = 0; t < 8; ++t)
  print u "," (u * 7 + t * (1 + u % 3)) % 40 "," t }' > "$folder/walks.csv"
cat > "$folder/small.toml" << END
data = "$folder/walks.csv"
llm = "tiny"
groups = 4
hidden = 16
inner = 16
max-length = 10
max-epochs = 10
patience = 2
sft-epochs = 1
tiny-steps = 5
seeds = [1]
starts = ["random", "p2rec"]
save-every = 0.2
END
fail() { echo "ranks_test: $1" >&2; cat "$folder/out.txt" "$folder/err.txt" >&2; exit 1; }

# run RANKS OUT OPTION...: the exit code in $code, the process of mpirun in $launcher.
start() {
  "$mpirun" -n "$1" "$program" run --config "$folder/small.toml" --out "$folder/$2" "${@:3}" > "$folder/out.txt" 2> "$folder/err.txt" &
  launcher=$!
}
run() { start "$@"; code=0; wait $launcher || code=$?; }
# Waits until the run has logged more than N steps, or has ended.
reach() { # OUT N
  until [ "$(cat "$folder/$1/log.jsonl" 2> /dev/null | wc -l)" -gt "$2" ] || ! kill -0 $launcher 2> /dev/null; do
    sleep 0.02
  done
}
# The metrics differ by rounding, which may move a user from one place of a list to the next.
same() { # OUT
  awk -F '\t' -v name="$1" 'NR == FNR { one[FNR] = $0; expected = FNR; next }
    { split(one[FNR], a); for (i = 1; i <= NF; ++i) apart += $i != a[i]; places += NF; lines = FNR }
    END { printf "%s: %.2f %% of the places differ\n", name, 100 * apart / places
          exit lines != expected || apart > 0.05 * places }' "$folder/one/ranks.tsv" "$folder/$1/ranks.tsv" ||
    fail "$1 has other results than one process"
}

"$program" run --config "$folder/small.toml" --out "$folder/one" > "$folder/one.txt" 2> "$folder/err.txt"
run 2 two
[ $code = 0 ] || fail "two ranks end with $code"
same two
[ "$(wc -l < "$folder/out.txt")" = "$(wc -l < "$folder/one.txt")" ] || fail "two ranks print another table"
for file in "$folder"/two/*; do [ -e "$folder/one/${file##*/}" ] || fail "two ranks leave $file"; done

"$mpirun" -n 2 "$program" methods > "$folder/out.txt" 2> "$folder/err.txt" && fail "two ranks run a command for one process"
grep -q 'methods: found 2 ranks; expected one process' "$folder/err.txt" || fail "no line says that a command is for one process"

run 3 two
[ $code != 0 ] || fail "a folder that is in use is taken"
[ "$(grep -c 'p2rec: error:' "$folder/err.txt")" = 1 ] || fail "an error is not printed once"

for kill in $(seq "${P2REC_KILLS:-1}"); do
  rm -rf "$folder/killed"
  start 3 killed
  reach killed $((RANDOM % $(wc -l < "$folder/one/log.jsonl")))
  mapfile -t processes < <(pgrep -P $launcher)
  begin=$SECONDS
  [ ${#processes[@]} = 0 ] || kill -KILL "${processes[RANDOM % ${#processes[@]}]}" || true
  code=0
  wait $launcher || code=$?
  if [ $code != 0 ]; then
    hit=$((${hit:-0} + 1))
    [ $((SECONDS - begin)) -le 10 ] || fail "the other ranks lived for $((SECONDS - begin)) s"
    grep -qE 'rank [0-9]+ .*signal 9' "$folder/err.txt" || fail "no line says which rank was killed"
  fi
  run $((kill % 2 + 1)) killed --resume
  [ $code = 0 ] || fail "after kill $kill, --resume ends with $code"
  same killed
done
echo "${hit:-0} of ${P2REC_KILLS:-1} kills hit a run"

rm -rf "$folder/stopped"
start 2 stopped
reach stopped 0
kill -TERM $launcher
code=0
wait $launcher || code=$?
[ $code != 0 ] || fail "SIGTERM does not stop the ranks"
run 4 stopped --resume
[ $code = 0 ] || fail "after SIGTERM, --resume ends with $code"
same stopped
