// The program on a machine with little memory: it refuses with an estimate and a size that fits, or fails
// with one line, and never crashes.
#include "tests/p2rec/run/interrupted_run.h"
#include "tests/p2rec/run/small_run.h"
#include "tests/paths.h"

using testing::contains;
using testing::InterruptedRun;
using testing::ProgramResult;
using testing::Shell;

TEST_CASE("the program refuses what does not fit before it begins, and says what fits") {
  const InterruptedRun run;
  const ProgramResult whole = run("pretrain", "--memory-limit 4");
  CHECK(whole.code == 0);
  run.forget();
  const std::string large = "--memory-limit 0.25 --hidden 40 --inner 4096 --blocks 8 --heads 2 ";
  const ProgramResult refused = run("run", large + "--batch 100000 --max-length 5000");
  CAPTURE(refused.err);
  CHECK(refused.code == 2);
  CHECK(refused.err.starts_with("p2rec: error: batch: training a recommender of 40 items"));
  CHECK(std::count(refused.err.begin(), refused.err.end(), '\n') == 1);
  const size_t hint = refused.err.find("hint: batch ");
  REQUIRE(hint != std::string::npos);
  // The hint's batch does fit.
  const int64_t batch = std::stoll(refused.err.substr(hint + 12));
  CHECK(batch >= 1);
  const ProgramResult fits = run(
      "pretrain", large + "--max-length 5000 --max-epochs 1 --overwrite --batch " + std::to_string(batch));
  CAPTURE(fits.err);
  CHECK(fits.code == 0);

  const ProgramResult too_wide = run("pretrain", "--memory-limit 0.001 --overwrite");
  CHECK(too_wide.code == 2);
  CHECK(contains(too_wide.err, "needs more memory even with the smallest batch, but 0.0 MiB are available"));
}

TEST_CASE("a fine-tuning batch that does not fit is refused before the first step") {
  const InterruptedRun run;
  REQUIRE(run("pretrain").code == 0);
  REQUIRE(run("groups").code == 0);
  REQUIRE(run("tiny_llm").code == 0);
  const ProgramResult refused = run("reconstruct", "--memory-limit 0.2 --lora-rank 4096");
  CAPTURE(refused.err);
  CHECK(refused.code == 2);
  CHECK(refused.err.starts_with("p2rec: error: sft-tokens: fine-tuning needs more memory even with the "));
  CHECK(contains(refused.err, "hint: "));
  CHECK_FALSE(contains(nn::read_file(run.folder() / "log.jsonl", "log"), "\"task\": \"reconstruct\""));
}

TEST_CASE("a language model that does not fit is refused from its header") {
  const Shell shell;
  const ProgramResult result =
      shell("llm embed --out x --text a --memory-limit 0.001 --llm '" + fixtures() + "/llama_tied.gguf'");
  CAPTURE(result.err);
  CHECK(result.code == 2);
  CHECK(contains(result.err, "llama_tied.gguf: the language model needs about "));
  CHECK_FALSE(shell.has("x"));
}

TEST_CASE("the available memory is what the process may map") {
  const Shell shell;
  testing::write_data(testing::small_data(), shell.path());
  const std::string large =
      "--hidden 40 --inner 40960 --blocks 8 --heads 2 --batch 100000 --max-epochs 1 --quiet ";
  const ProgramResult refused = shell("train --model sasrec --starts random --data data.txt --out D " + large,
                                      "", "ulimit -v 900000; ");
  CAPTURE(refused.err);
  CHECK(refused.code == 2);
  CHECK(refused.err.starts_with("p2rec: error: batch: training a recommender of 40 items"));
  CHECK(contains(refused.err, " MiB are available"));  // so it is less than a GiB
}

TEST_CASE("running out of memory is one line, and exit code 1") {
  const Shell shell;
  // A text file of two gigabytes; the process may map only one.
  shell.shell("truncate -s 2000000000 data.txt");
  const ProgramResult result = shell("stats --data data.txt", "", "ulimit -v 1000000; ");
  CAPTURE(result.err);
  CHECK(result.code == 1);
  CHECK(result.err.starts_with("p2rec: error: not enough memory"));
  CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
}
