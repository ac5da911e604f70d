// There is no verdict from a training that has not converged, or whose teacher has not: the output says so,
// and what to do.
#include "nn/io/safetensors.h"
#include "p2rec/run/results_file.h"
#include "tests/p2rec/cli/shell.h"
#include "tests/p2rec/run/small_run.h"

using namespace testing;
using p2rec::Summary;

namespace {

// The results on the small data with these options, which say what comes before the training.
Summary results_from(const std::string& first, const Options& given) {
  write_data(small_data());
  Options o = small_options();
  o["overwrite"] = "true";
  for (const char* unused : {"groups", "history", "lora-rank", "sft-epochs", "tiny-steps"}) o.erase(unused);
  for (const auto& [name, value] : given) o[name] = value;
  run_stages(o, first, "evaluate");
  return p2rec::ResultsFile(o["out"]).read().results.value();
}

// The results of plain recommenders.
Summary results_with(Options given) {
  given["starts"] = "random";
  return results_from("train", given);
}

std::string doubt_with(const Options& given) { return results_with(given).arms.at(0).seeds.at(0).doubt; }

}  // namespace

TEST_CASE("verdict: a training that ended at its cap, was not validated or learned nothing is in doubt") {
  const WorkingFolder here;
  CHECK(contains(doubt_with({{"max-epochs", "2"}, {"patience", "2"}}), "stopped at epoch 2 while"));
  CHECK(contains(doubt_with({{"max-epochs", "2"}, {"patience", "0"}}), "without validation"));
  CHECK(contains(doubt_with({{"max-epochs", "90"}, {"patience", "2"}, {"lr", "1e-9"}}),
                 "not above popularity's"));
  CHECK(doubt_with({{"max-epochs", "200"}, {"patience", "10"}, {"lr", "1e-2"}}) == "");
}

namespace {

// Enough for any training on the small data; the teacher takes them too.
const Options kConverging = {{"max-epochs", "200"}, {"patience", "10"}, {"lr", "1e-2"},
                             {"seeds", "1"},        {"groups", "4"},    {"starts", "random,teacher,groups"}};

Options with(Options options, const Options& more) {
  for (const auto& [name, value] : more) options[name] = value;
  return options;
}

std::string doubt_about(const Summary& summary, const std::string& arm) {
  return summary.find(arm)->seeds.at(0).doubt;
}

}  // namespace

TEST_CASE("verdict: a teacher that ended at its cap puts every arm that depends on it in doubt") {
  const WorkingFolder here;
  const Options capped = with(kConverging, {{"teacher.max-epochs", "2"}});
  Summary summary = results_from("pretrain", capped);
  const std::string expected =
      "its teacher: stopped at epoch 2 while validation still improved; set a higher teacher.max-epochs";
  CHECK(doubt_about(summary, "random") == "");
  CHECK(doubt_about(summary, "teacher") == expected);
  CHECK(doubt_about(summary, "groups") == expected);  // its vectors depend on the teacher only by its stage
  CHECK(verdict_of(summary, *summary.find("groups")) == p2rec::Verdict::InDoubt);
  const nn::Metadata facts = nn::read_safetensors_metadata("out/teacher.safetensors");
  CHECK(facts.at("epochs") == "2");
  CHECK(facts.at("best_epoch") == "2");
  // Another run's teacher is as it was trained there, whatever this run's options say.
  summary = results_from("train", with(kConverging, {{"out", "other"}, {"from", "out"}}));
  CHECK(doubt_about(summary, "groups") == expected);
  CHECK(doubt_about(summary, "random") == "");
  // The training's own doubt comes after the teacher's.
  summary = results_from("train", with(capped, {{"max-epochs", "3"}, {"teacher.lr", "1e-2"}}));
  CHECK(doubt_about(summary, "groups") ==
        expected + "; also: stopped at epoch 3 while validation still improved; set a higher max-epochs");
}

TEST_CASE("verdict: a teacher that converged gives no doubt, one of unknown training does") {
  const WorkingFolder here;
  Summary summary = results_from("pretrain", kConverging);
  CHECK(doubt_about(summary, "teacher") == "");
  CHECK(doubt_about(summary, "groups") == "");
  nn::TensorFile teacher = nn::read_safetensors("out/teacher.safetensors");
  teacher.metadata.erase("doubt");
  nn::write_safetensors("out/teacher.safetensors", teacher.tensors, teacher.metadata);
  summary = results_from("train", kConverging);
  CHECK(doubt_about(summary, "teacher") == "its teacher: its file does not say how it was trained");
  CHECK(doubt_about(summary, "random") == "");
}

TEST_CASE("verdict: popularity is the last row, and has neither epochs nor a difference") {
  const WorkingFolder here;
  const Summary summary = results_with({{"max-epochs", "2"}});
  REQUIRE(summary.arms.size() == 2);
  CHECK(summary.arms[1].name == "popularity");
  CHECK(summary.arms[1].differences.empty());
  CHECK(std::isnan(summary.arms[1].facts.at(0)));
  // Random reaches its own best validation in its best epoch.
  const p2rec::SeedSummary& random = summary.arms[0].seeds.at(0);
  CHECK(random.facts.at(1) == random.facts.at(2));
  CHECK(contains(p2rec::summary_table(summary), "no verdict: random, seeds 1, 2: stopped at epoch"));
}
