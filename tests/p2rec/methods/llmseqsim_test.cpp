// LLMSeqSim: its weights and scores by hand, and a whole run.
#include "p2rec/methods/llmseqsim/llmseqsim.h"

#include "p2rec/run/results_file.h"
#include "tests/p2rec/cli/shell.h"
#include "tests/p2rec/run/small_run.h"

using namespace p2rec;
using ag::Tensor;

namespace {

testing::Options small_llmseqsim() {
  return {{"method", "llmseqsim"}, {"data", "data.txt"}, {"out", "out"},
          {"seeds", "4,5"},        {"quiet", "true"},    {"tiny-steps", "4"}};
}

void check_weights(Decay decay, const std::vector<double>& expected) {
  const std::vector<double> found = decay_weights(decay, std::ssize(expected));
  for (size_t i = 0; i < expected.size(); ++i) CHECK(found.at(i) == doctest::Approx(expected[i]));
}

}  // namespace

TEST_CASE("the decays of LLMSeqSim: the latest item has the largest weight") {
  // dh-r/LLM-Sequential-Recommendation, decay_utils.compute_decay_array(..., 4), divided by its sum.
  check_weights(Decay::None, {.25, .25, .25, .25});
  check_weights(Decay::Linear, {.25 / 2.5, .5 / 2.5, .75 / 2.5, 1 / 2.5});
  check_weights(Decay::Harmonic, {3. / 25, 4. / 25, 6. / 25, 12. / 25});
  check_weights(Decay::Last, {0, 0, 0, 1});
  check_weights(Decay::Harmonic, {1});
}

TEST_CASE("LLMSeqSim scores items by the cosine with the weighted mean") {
  MeanSimilarityConfig config;
  config.items = 3;
  config.hidden = 2;
  MeanSimilarity model(config);
  model.set(Tensor::from({3, 2}, {2, 0, 0, 1, 3, 4}));
  // Harmonic weights of two items: 1/3, 2/3. The mean of items 0 and 1 is (2/3, 2/3): 45 degrees.
  const double root = std::sqrt(.5);
  testing::check_close(model.scores(model.pack({{0, 1}, {2}})),
                       Tensor::from({2, 3}, {root, root, 7 * root / 5, .6, .8, 1}),
                       testing::tolerance::kFused, "cosines");
}

TEST_CASE("a run of llmseqsim: its arms, each once, and nothing trained") {
  const testing::WorkingFolder here;
  testing::write_data(testing::small_data());
  testing::run_stages(small_llmseqsim());
  const Summary summary = ResultsFile("out").read().results.value();
  std::vector<std::string> arms;
  for (const ArmSummary& arm : summary.arms) {
    arms.push_back(arm.name);
    CHECK(arm.seeds.size() == 1);
  }
  CHECK(arms ==
        std::vector<std::string>{"llmseqsim", "llmseqsim_centred", "llmseqsim_shuffled", "popularity"});
  CHECK(std::filesystem::exists("out/ranks.tsv"));
  CHECK_FALSE(std::filesystem::exists("out/recommender-llmseqsim-4.safetensors"));
}

TEST_CASE("titles that show the group beat shuffled titles") {
  const testing::WorkingFolder here;
  testing::write_data(make_synthetic({.users = 400, .items = 200, .groups = 4, .seed = 3}));
  testing::Options options = small_llmseqsim();
  options["tiny-steps"] = "150";
  testing::run_stages(options);
  const Summary summary = ResultsFile("out").read().results.value();
  const auto ndcg = [&](const char* arm) {
    return summary.find(arm)->metrics[0][summary.main_measure()].mean;
  };
  CHECK(ndcg("llmseqsim_centred") > 1.2 * ndcg("llmseqsim_shuffled"));
}

TEST_CASE("llmseqsim has no recommender's options, and needs titles") {
  const testing::WorkingFolder here;
  testing::write_data(testing::small_data());
  testing::Options options = small_llmseqsim();
  options["hidden"] = "8";
  const auto problem = [](const testing::Options& o) {
    return testing::message_of([&] { testing::run_stages(o); });
  };
  CHECK(testing::contains(problem(options), "--hidden: there is no such option here"));
  std::filesystem::remove("data.item");
  CHECK(testing::contains(problem(small_llmseqsim()), "has no titles"));
}
