// The output of training on a terminal with 80 columns: the validation
// result first, one line per recommender.
#include <iostream>
#include <sstream>

#include "p2rec/data/text_file.h"
#include "tests/p2rec/cli/shell.h"
#include "tests/p2rec/run/small_run.h"

using testing::contains;

namespace {

// Trains and ranks plain recommenders; returns the standard error output.
std::string shown_with(const testing::Options& given) {
  testing::Options o = testing::small_options();
  for (const char* unused : {"groups", "history", "lora-rank", "sft-epochs", "tiny-steps"}) o.erase(unused);
  o["starts"] = "random";
  o["quiet"] = "false";
  for (const auto& [name, value] : given) o[name] = value;
  std::ostringstream shown;
  std::streambuf* before = std::cerr.rdbuf(shown.rdbuf());
  testing::run_stages(o, "train", "evaluate");
  std::cerr.rdbuf(before);
  return shown.str();
}

}  // namespace

TEST_CASE("terminal: a line for each recommender at its end, the validation figure first") {
  const testing::WorkingFolder here;
  testing::write_data(testing::small_data());
  const std::string shown = shown_with({{"max-epochs", "3"}});
  CAPTURE(shown);
  CHECK(contains(shown, "train: 2 recommenders\ntrain: "));
  CHECK(contains(shown, " steps per epoch, at most 3 epochs\n"));
  CHECK(contains(shown, "evaluate: 60 users ranked against 40 items ("));
  std::map<std::string, int> lines;
  std::istringstream in(shown);
  for (std::string line; std::getline(in, line);) {
    CAPTURE(line);
    CHECK(p2rec::columns_of(line) <= 80);
    const std::string name = line.substr(0, line.find(':'));
    ++lines[name];
    if (name.starts_with("train/")) CHECK(contains(line, name + ": validation NDCG@10 0."));
  }
  CHECK(lines["train/random-1"] == 1);
  CHECK(lines["train/random-2"] == 1);
  // With this learning rate the first epoch stays the best one.
  CHECK(contains(shown_with({{"out", "slow"}, {"lr", "1e-12"}, {"max-epochs", "9"}}), ", epoch 1 of 3 ("));
}

TEST_CASE("terminal: one of a thing is named in the singular") {
  const testing::WorkingFolder here;
  testing::write_data(testing::small_data());
  const std::string shown = shown_with(
      {{"seeds", "1"}, {"max-epochs", "1"}, {"patience", "0"}, {"batch", "1000"}, {"evaluate-users", "1"}});
  CAPTURE(shown);
  CHECK(contains(shown, "train: 1 recommender\n"));
  CHECK(contains(shown, "; 1 step per epoch, 1 epoch\n"));
  CHECK(contains(shown, "train/random-1: 1 epoch, loss "));
  CHECK(contains(shown, "evaluate: 1 user ranked against 40 items ("));
}
