// Random search over a method's knobs: what is drawn, what is run, what is copied, and the best trial.
#include "p2rec/methods/tune.h"

#include <set>

#include "p2rec/methods/common/trained.h"
#include "tests/p2rec/cli/shell.h"
#include "tests/p2rec/run/small_run.h"

using namespace p2rec;
using testing::contains;

namespace {

testing::Options small_tuning() {
  testing::Options options = testing::small_options();
  options.erase("groups");
  options["out"] = "tuned";
  options["starts"] = "random";  // replaced by the method's own
  options["sft-epochs"] = "1";
  return options;
}

std::string file(const std::string& name) { return nn::read_file("tuned/" + name, "file of a trial"); }

}  // namespace

TEST_CASE("a trial draws one of the values of each knob, always the same ones, and trials differ") {
  const std::vector<Knob> knobs = {{"a", {"1", "2", "3"}}, {"b", {"4", "5", "6", "7"}}};
  std::set<std::string> seen;
  for (int64_t trial = 2; trial < 30; ++trial) {
    const GivenOptions drawn = drawn_knobs(knobs, trial);
    REQUIRE(drawn.size() == 2);
    for (const Knob& knob : knobs)
      CHECK(std::ranges::count(knob.values, drawn.at(knob.option).values.at(0)) == 1);
    CHECK(drawn.at("b").values == drawn_knobs(knobs, trial).at("b").values);
    seen.insert(drawn.at("a").values[0] + drawn.at("b").values[0]);
  }
  CHECK(seen.size() > 8);  // of 12
}

TEST_CASE("tuning trains the method's own arm in each trial, and copies what trials have in common") {
  const testing::WorkingFolder here;
  testing::write_data(make_synthetic({.users = 60, .items = 70, .groups = 4, .mean_length = 12, .seed = 3}));
  const GivenOptions options = testing::given(small_tuning());
  const std::vector<Trial> trials = tune({}, options, 2);
  REQUIRE(trials.size() == 2);
  CHECK(trials[0].knobs.empty());  // the given settings
  for (size_t k = 0; k < trials.size(); ++k) {
    const nn::Path folder = nn::Path("tuned") / ("trial-" + std::to_string(k + 1));
    CHECK(trials[k].validation == trained_from(folder / "recommender-p2rec-1.safetensors").best());
    CHECK_FALSE(std::filesystem::exists(folder / "recommender-random-1.safetensors"));
    CHECK_FALSE(std::filesystem::exists(folder / "ranks.tsv"));
    const auto settings = settings_of_run(folder);
    for (const auto& knob : trials[k].knobs) {
      for (const Section& section : settings->sections()) {
        section.visit([&](const nn::Option& option, nn::Field field) {
          if (option.name == knob.first) CHECK(std::stod(to_text(field)) == std::stod(knob.second.values[0]));
        });
      }
    }
  }
  // The teacher is the same in both trials; the groups are others where their number differs.
  CHECK_FALSE(contains(file("trial-2/log.jsonl"), "\"pretrain\""));
  CHECK(contains(file("trial-1/log.jsonl"), "\"pretrain\""));
  CHECK(file("trial-1/teacher.safetensors") == file("trial-2/teacher.safetensors"));
  CHECK(trials[1].knobs.at("groups").values[0] != "20");  // the default, which trial 1 has
  CHECK(file("trial-1/preferences.tsv") != file("trial-2/preferences.tsv"));
  const Trial& best = best_of(trials);
  for (const Trial& trial : trials) CHECK(trial.validation <= best.validation);
  CHECK(contains(trials_text(trials), "1* ") + contains(trials_text(trials), "2* ") +
            contains(trials_text(trials), "3* ") ==
        1);
  // A finished trial is not run again.
  const auto before = std::filesystem::last_write_time("tuned/trial-2/adapter/adapter_model.safetensors");
  CHECK(tune({}, options, 2)[1].validation == trials[1].validation);
  CHECK(std::filesystem::last_write_time("tuned/trial-2/adapter/adapter_model.safetensors") == before);
}

TEST_CASE("tuning needs knobs, a model that is trained, and validation") {
  const auto problem = [](const std::string& name, const std::string& value) {
    testing::Options options = small_tuning();
    options[name] = value;
    if (value == "llmseqsim") options = {{"method", value}, {"out", "tuned"}, {"data", "data.txt"}};
    if (value == "popularity") options = {{"model", value}, {"out", "tuned"}, {"data", "data.txt"}};
    return testing::message_of([&] { tune({}, testing::given(options), 2); });
  };
  CHECK(contains(problem("method", "llmseqsim"), "the method 'llmseqsim' has no options to tune"));
  CHECK(contains(problem("model", "popularity"), "expected a model that is trained"));
  CHECK(contains(problem("patience", "0"), "patience: found 0; expected at least 1"));
}
