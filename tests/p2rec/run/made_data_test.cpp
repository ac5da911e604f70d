// Whole runs of the methods that make their own training data: their files, arms and report, and the same
// files after a stop at every step and in the middle of each generation.
#include <fmt/format.h>

#include <set>

#include "p2rec/llm/instruction.h"
#include "p2rec/methods/settings.h"
#include "p2rec/run/results_file.h"
#include "tests/p2rec/cli/shell.h"
#include "tests/p2rec/run/small_run.h"

using namespace p2rec;
using testing::contains;

namespace {

testing::Options small_llm2llm() {
  return {{"method", "llm2llm"},  {"out", "out"},         {"seeds", "1,2"},   {"quiet", "true"},
          {"seed-examples", "6"}, {"test-examples", "8"}, {"rounds", "2"},    {"lora-rank", "2"},
          {"sft-epochs", "1"},    {"sft-tokens", "320"},  {"tiny-steps", "3"}};
}

testing::Options small_self_guide() {
  return {{"method", "self_guide"},   {"out", "out"},
          {"seeds", "1,2"},           {"quiet", "true"},
          {"test-examples", "6"},     {"rounds", "2"},
          {"lora-rank", "2"},         {"sft-epochs", "1"},
          {"sft-tokens", "320"},      {"tiny-steps", "80"},
          {"balance", "false"},       {"inputs-per-round", "8"},
          {"filter-length", "false"}, {"outputs-per-input", "3"}};
}

std::string report_of(const testing::Options& options) {
  const auto settings = settings_of({}, testing::given(options));
  return nn::read_file(write_report("out", report_plan(*settings)), "report");
}

void check_stops_change_nothing(const testing::Options& options, int64_t least_stops) {
  std::map<std::string, std::string> unbroken;
  {
    const testing::WorkingFolder here;
    testing::run_stages(options);
    unbroken = testing::artefacts("out");
  }
  const testing::WorkingFolder here;
  CHECK(testing::run_with_stops(options, 200) >= least_stops);
  testing::check_same(testing::artefacts("out"), unbroken);
}

}  // namespace

TEST_CASE("llm2llm: the examples of each seed, and arms with as many random examples as generated ones") {
  const testing::WorkingFolder here;
  testing::run_stages(small_llm2llm());
  for (const char* seed : {"1", "2"}) {
    std::set<std::string> generated, first_round;
    for (const char* round : {"1", "2"}) {
      const auto all = read_generated(fmt::format("out/generated-{}-round-{}.jsonl", seed, round));
      CHECK(all.size() > 0);
      for (const Generated& g : all) {
        CHECK(g.round == std::stoll(round));
        generated.insert(g.text.input);
      }
      for (const Generated& g : all) CHECK_FALSE(generated.contains(g.from));
    }
  }
  const Summary summary = ResultsFile("out").read().results.value();
  CHECK(summary.unit == "example");
  REQUIRE(summary.arms.size() == 4);
  const auto examples = [&](const char* arm) { return summary.find(arm)->seeds[1].facts[0]; };
  CHECK(examples("untuned") == 0);
  CHECK(examples("plain") == 6);
  CHECK(examples("random") == examples("llm2llm"));
  CHECK(examples("llm2llm") > 6);
  CHECK(summary.baseline == "plain");
  const auto sections = ResultsFile("out").read().sections;
  CHECK(contains(sections.at("teach"), "\"written\""));
  const std::string report = report_of(small_llm2llm());
  for (const char* part : {"Examples that were written", "kept by round", "Answers of each arm", "#### "})
    CHECK(contains(report, part));
}

TEST_CASE("llm2llm: stopped at every step and resumed, it gives the same files") {
  testing::Options options = small_llm2llm();
  options["seeds"] = "1";
  check_stops_change_nothing(options, 10);
}

TEST_CASE(
    "self_guide: pairs that the model wrote itself, and arms with as many real films as generated ones") {
  const testing::WorkingFolder here;
  testing::run_stages(small_self_guide());
  const Summary summary = ResultsFile("out").read().results.value();
  REQUIRE(summary.arms.size() == 4);
  for (size_t s = 0; s < 2; ++s) {
    const auto all = read_generated("out/generated-" + std::to_string(s + 1) + ".jsonl");
    CHECK(all.size() == 16);
    const auto facts = [&](const char* arm) { return summary.find(arm)->seeds[s].facts[0]; };
    CHECK(facts("self_guide") == double(kept(all).size()));
    CHECK(facts("real") == facts("self_guide"));
    CHECK(facts("few_shot") == 0);
    std::set<std::string> inputs;
    for (const TextPair& text : kept(all)) {
      CHECK(inputs.insert(text.input).second);
      CHECK(contains("Comedy, Crime, Horror, War, Western", text.output));
    }
  }
  const std::string report = report_of(small_self_guide());
  for (const char* part : {"Examples that were written", "Answers of each arm", "zero_shot"})
    CHECK(contains(report, part));
}

TEST_CASE("self_guide: stopped at every step and resumed, it gives the same files") {
  testing::Options options = small_self_guide();
  options["seeds"] = "1";
  options["tiny-steps"] = "3";
  for (const char* filter : {"filter-labels", "filter-consensus", "balance"}) options[filter] = "false";
  check_stops_change_nothing(options, 10);
}

TEST_CASE("llm2llm_users: sub-sequences of seed users, and the same files after stops") {
  testing::Options options = testing::small_options();
  options["method"] = "llm2llm_users";
  options["seeds"] = "1";
  options["seed-users"] = "12";
  options["rounds"] = "2";
  options["sft-epochs"] = "1";
  std::map<std::string, std::string> unbroken;
  {
    const testing::WorkingFolder here;
    testing::write_data(testing::small_data());
    testing::run_stages(options);
    unbroken = testing::artefacts("out");
    const Summary summary = ResultsFile("out").read().results.value();
    CHECK(summary.find("plain")->seeds[0].facts[0] == 12);
    CHECK(summary.find("random")->seeds[0].facts[0] == summary.find("llm2llm")->seeds[0].facts[0]);
    const auto first = read_generated("out/generated-1-round-1.jsonl");
    CHECK(kept(first).size() <= 2);  // a fifth of 12 users
    for (const Generated& g : first) CHECK(g.text.input.size() <= g.from.size());
  }
  const testing::WorkingFolder here;
  testing::write_data(testing::small_data());
  testing::run_stages(options, "", "groups");
  options["resume"] = "true";
  CHECK(testing::run_with_stops(options, 200) > 5);
  testing::check_same(testing::artefacts("out"), unbroken);
}

TEST_CASE("a method whose stages begin with no other run's files refuses --from") {
  const testing::WorkingFolder here;
  testing::Options options = small_llm2llm();
  options["from"] = ".";
  CHECK(contains(testing::message_of([&] { testing::run_stages(options); }),
                 "from: found ., but no stage of this method begins with another run's files"));
}

TEST_CASE("self_guide says what is wrong with the number of test films, and with the file") {
  const testing::WorkingFolder here;
  testing::Options options = small_self_guide();
  options["films"] = "films.csv";
  const auto problem = [&] { return testing::message_of([&] { testing::run_stages(options); }); };
  CHECK(contains(problem(), "films: there is no file 'films.csv'"));
  nn::write_atomically("films.csv", "movieId,title,genres\n1,Up,Drama\n2,Heat,Action\n");
  CHECK(contains(problem(), "test-examples: found 6, but films.csv has 2 films, and 3 are examples"));
}
