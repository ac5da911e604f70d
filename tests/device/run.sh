#!/usr/bin/env bash
# Builds p2rec on a machine with a GPU, from the bundle that this script is in (make device-bundle). Runs the
# tests of CUDA, a whole run twice, the benchmark and compute-sanitizer, and writes a report. The machine needs
# nvcc 12 or newer, g++, CMake and make.
#
# usage: run.sh [FOLDER]
#
# FOLDER, by default p2rec-device, is for the sources and the build; the report is FOLDER/report. SECONDS_LEFT,
# by default 470, is the time for all stages. The exit code is 0 only if all succeed.
set -euo pipefail
bundle=$(cd "$(dirname "$0")" && pwd)
mkdir -p "${1:-p2rec-device}/report"
cd "${1:-p2rec-device}"
report=$PWD/report limit=${SECONDS_LEFT:-470} failed=0
export PATH="$PATH:/usr/local/cuda/bin"

# stage NAME COMMAND...: its output goes to report/NAME.log, and a line to report/report.txt.
stage() {
  local name=$1 begin=$SECONDS result=succeeded
  shift
  if ! timeout $((limit > SECONDS ? limit - SECONDS : 1)) "$@" > "$report/$name.log" 2>&1; then
    result="FAILED, see $name.log"
    failed=1
  fi
  echo "$name $result, $((SECONDS - begin)) s" | tee -a "$report/report.txt"
  [ "$result" = succeeded ] || tail -n 20 "$report/$name.log" >> "$report/report.txt"
}

whole_run() {  # twice: the second must give the same bits
  for out in run-1 run-2; do
    build/p2rec run --config sources/p2rec/configs/synthetic.toml --seeds 1 --device cuda --out "$out" --overwrite
  done
  cmp run-1/ranks.tsv run-2/ranks.tsv
}
export -f whole_run

mkdir -p sources packages
tar -C sources -xzf "$bundle/sources.tar.gz"
tar -C packages -xzf "$bundle/packages.tar.gz"
{
  nvidia-smi --query-gpu=name,driver_version,compute_cap,memory.total --format=csv,noheader 2> /dev/null || echo "no GPU here"
  nvcc --version | tail -2 || true
  g++ --version | head -1
  nproc
} > "$report/report.txt" 2>&1
gpu=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2> /dev/null | head -1 | tr -d . || true)

stage configure cmake -S sources -B build -DP2REC_CUDA=ON -DP2REC_ONEDNN=OFF -DP2REC_TESTS=ON -DP2REC_BENCH=ON \
  -DP2REC_TUTORIALS=OFF -DCMAKE_CUDA_ARCHITECTURES="${gpu:-90}-real" \
  -DCMAKE_MODULE_PATH="$PWD/sources/tests/device/cmake" -DCMAKE_PREFIX_PATH="$PWD/packages" -DPACKAGES="$PWD/packages"
stage build cmake --build build -j "$(nproc)" --target tests_f32 p2rec_bench
[ $failed = 0 ] || exit 1
stage tests ctest --test-dir build --output-on-failure -R '^f32/.*/cuda$'
stage benchmark build/bench/p2rec_bench --benchmark_filter=^cuda/ --benchmark_out="$report/benchmark.json"
stage run bash -c whole_run
if command -v compute-sanitizer > /dev/null; then
  export P2REC_TEST_DEVICE=cuda
  for tool in memcheck racecheck; do
    stage $tool compute-sanitizer --tool $tool --error-exitcode 1 build/tests/tests_f32 '--source-file=*/cuda_test.cpp' \
      --test-case-exclude='*split over blocks*'
  done
fi
cat "$report/tests.log" "$report/benchmark.log" >> "$report/report.txt"
exit $failed
