#!/usr/bin/env bash
# Runs fuzz targets: run.sh BUILD_FOLDER TIME JOBS [TARGET...]: TIME seconds for each, JOBS at a time; by
# default all targets. Prints each target's number of executions. An input that crashes, exceeds 512 MB or 20
# seconds of processor time (entry.cpp), or does not end in ten minutes is kept in found/TARGET/. After the
# fault is fixed, the input belongs in regressions/TARGET/.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

run_target() {  # BUILD_FOLDER TIME TARGET
  local build=$1 time=$2 target=$3 scratch log=$1/$3.log
  mkdir -p "$here/found/$target" "$build/corpus/$target"
  scratch=$(mktemp -d "$([ -w /dev/shm ] && echo /dev/shm || echo /tmp)/p2rec-fuzz-XXXXXX")
  local folders=("$build/corpus/$target" "$build/seeds/$target")
  [ -d "$here/regressions/$target" ] && folders+=("$here/regressions/$target")
  local code=0
  # A small quarantine, so that the memory limit applies to the reader, not to AddressSanitizer.
  TMPDIR=$scratch OMP_NUM_THREADS=1 ASAN_OPTIONS=quarantine_size_mb=16:detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1 \
    "$build/fuzz_$target" "${folders[@]}" -max_total_time="$time" -max_len=32768 -timeout=600 -report_slow_units=600 \
    -rss_limit_mb=512 -malloc_limit_mb=512 -artifact_prefix="$here/found/$target/" -print_final_stats=1 > "$log" 2>&1 || code=$?
  rm -rf "$scratch"
  local executions
  executions=$(awk '/^stat::number_of_executed_units/ {print $2}' "$log")
  if [ "$code" = 0 ]; then
    echo "$target: ${executions:-no} executions in $time s, no bug found"
  else
    echo "$target: ${executions:-some} executions, then a BUG, see tests/fuzz/found/$target/ ($log):"
    grep -m 3 -E 'ERROR|runtime error|terminate|what\(\)|SUMMARY' "$log" | sed 's/^/  /' || tail -n 3 "$log"
  fi
  return "$code"
}

if [ "$1" = --one ]; then
  shift
  run_target "$@"
  exit
fi
build=$1 time=$2 jobs=$3
shift 3
python3 "$here/make_seeds.py" "$build/seeds"
for program in "$build"/fuzz_*; do
  [ -x "$program" ] && all+=("$(basename "$program" | sed s/fuzz_//)")
done
[ $# = 0 ] && set -- "${all[@]}"
printf '%s\n' "$@" | xargs -P "$jobs" -I TARGET bash "$0" --one "$build" "$time" TARGET
