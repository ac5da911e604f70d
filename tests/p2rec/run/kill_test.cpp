// The program is killed as by kill -9, then run with --resume. Then the folder has the same
// files with the same bytes as after an uninterrupted run, including log.jsonl;
// results.json may differ in seconds and memory.
#include <chrono>
#include <cstdlib>
#include <iostream>

#include "tests/p2rec/run/interrupted_run.h"

using testing::Dice;
using testing::InterruptedRun;
using testing::kKilled;
using testing::ProgramResult;

namespace {

void go_on(const InterruptedRun& run, const std::string& command) {
  const ProgramResult result = run(command, "--resume");
  CAPTURE(result.err);
  CHECK(result.code == 0);
}

std::string last_line(const std::string& text) {
  const size_t end = text.find("killed at operation");
  return end == text.npos ? "" : text.substr(end, text.find('\n', end) - end);
}

}  // namespace

TEST_CASE("each stage, killed at five moments") {
  const InterruptedRun run;
  Dice dice(1);
  for (const std::string stage :
       {"pretrain", "groups", "tiny_llm", "reconstruct", "augment", "train", "evaluate"}) {
    run.keep_as("before");
    const int64_t operations = run.operations_of(stage), moments = 5;
    const InterruptedRun::Files unbroken = run.files();
    CAPTURE(stage);
    REQUIRE(operations >= moments);
    for (int64_t i = 0; i < moments; ++i) {
      // One moment in each fifth of the stage's operations.
      const int64_t moment =
          dice.between(1 + operations * i / moments, std::max<int64_t>(1, operations * (i + 1) / moments));
      run.restore("before");
      const ProgramResult killed = run.killed_at(moment, stage);
      CAPTURE(moment);
      CAPTURE(killed.err);
      CHECK(killed.code == kKilled);
      go_on(run, stage);
      CHECK(testing::difference(unbroken, run.files()) == "");
    }
  }
}

TEST_CASE("--overwrite, killed while it removes old files, leaves a run that can be resumed") {
  const InterruptedRun run;
  const int64_t operations = run.operations_of("run");
  const InterruptedRun::Files unbroken = run.files();
  const int64_t removing = run.operations_of("run", "--overwrite") - operations, moments = 8;
  REQUIRE(removing > 3 * moments);
  Dice dice(3);
  for (int64_t i = 0; i < moments; ++i) {
    const int64_t moment = dice.between(1 + removing * i / moments, removing * (i + 1) / moments);
    const ProgramResult killed = run.killed_at(moment, "run", "--overwrite");
    CAPTURE(moment);
    CAPTURE(killed.err);
    CHECK(killed.code == kKilled);
    go_on(run, "run");
    CHECK(testing::difference(unbroken, run.files()) == "");
  }
}

// `make torture` sets P2REC_KILLS to 100.
TEST_CASE("whole runs, killed once or several times each") {
  const char* wanted = std::getenv("P2REC_KILLS");
  const int64_t runs = wanted ? std::atoll(wanted) : 3;
  const InterruptedRun run;
  const auto begin = std::chrono::steady_clock::now();
  const int64_t operations = run.operations_of("run");
  const auto milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin).count();
  const InterruptedRun::Files unbroken = run.files();
  int64_t equal = 0, kills = 0;
  for (int64_t i = 1; i <= runs; ++i) {
    run.forget();
    Dice dice(static_cast<uint64_t>(i));
    std::cout << "run " << i << " of " << runs << ":";
    bool ended = false;
    for (int64_t times = dice.between(1, 3); times > 0 && !ended; --times) {
      // At a file operation, or after some time, with fewer checkpoints.
      const bool by_clock = dice.between(0, 1);
      const std::string resume = std::filesystem::exists(run.folder()) ? "--resume" : "";
      const ProgramResult killed =
          by_clock ? run.killed_after(dice.between(1, milliseconds), "run", resume + " --save-every 0.02")
                   : run.killed_at(dice.between(1, operations), "run", resume);
      CAPTURE(killed.err);
      CHECK((killed.code == kKilled || killed.code == 0));
      ended = killed.code == 0;
      kills += !ended;
      std::cout << (ended      ? " ended before it was killed,"
                    : by_clock ? " killed by the clock,"
                               : " " + last_line(killed.err) + ",");
    }
    go_on(run, "run");
    const std::string difference = testing::difference(unbroken, run.files());
    CHECK(difference == "");
    equal += difference.empty();
    std::cout << (difference.empty() ? " equal" : " NOT EQUAL: " + difference) << std::endl;
  }
  std::cout << equal << " of " << runs << " runs ended bit-equal after " << kills << " kills" << std::endl;
  CHECK(kills > 0);
}
