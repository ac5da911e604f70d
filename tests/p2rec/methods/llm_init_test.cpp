// LLM2X: the embeddings of titles, and a whole run.
#include "p2rec/methods/llm_init/llm_init.h"

#include "p2rec/data/load_data.h"
#include "p2rec/llm/embed.h"
#include "p2rec/run/results_file.h"
#include "tests/p2rec/cli/shell.h"
#include "tests/p2rec/run/small_run.h"

using namespace p2rec;
using testing::contains;

namespace {

testing::Options small_llm_init() {
  testing::Options options = testing::small_options();
  options["method"] = "llm_init";
  for (const char* name : {"groups", "history", "lora-rank", "sft-epochs"}) options.erase(name);
  return options;
}

}  // namespace

TEST_CASE("a run of llm_init: its arms, and embeddings that are the states of titles") {
  const testing::WorkingFolder here;
  testing::write_data(testing::small_data());
  testing::run_stages(small_llm_init());
  const Summary summary = ResultsFile("out").read().results.value();
  std::vector<std::string> arms;
  for (const ArmSummary& arm : summary.arms) arms.push_back(arm.name);
  CHECK(arms ==
        std::vector<std::string>{"random", "llm_init", "llm_projected", "llm_shuffled", "popularity"});
  CHECK_FALSE(std::filesystem::exists("out/teacher.safetensors"));

  const Interactions data = load_data("data.txt");
  const models::LanguageModel llm = models::load_language_model("out/tiny_llm.safetensors");
  const ag::Tensor table = read_item_matrix("out/item_embeddings.safetensors", "embeddings", data.items());
  const ag::NoGrad no_grad;
  for (const int64_t item : {int64_t{0}, data.items() - 1}) {
    const auto title = llm.tokenizer->encode(data.titles[static_cast<size_t>(item)]);
    testing::check_close(table.rows(item, item + 1), prompt_states({*llm.model}, nn::pack({title})),
                         testing::tolerance::kFused, "the state of a title");
  }
}

TEST_CASE("llm_init has its own options, and needs titles") {
  const auto problem = [](const testing::Options& options) {
    return testing::message_of([&] { testing::run_stages(options); });
  };
  testing::Options options = small_llm_init();
  options["groups"] = "4";
  CHECK(contains(problem(options), "--groups: there is no such option here"));
  const testing::WorkingFolder here;
  testing::write_data(testing::small_data());
  std::filesystem::remove("data.item");
  CHECK(contains(problem(small_llm_init()), "has no titles"));
  CHECK_FALSE(std::filesystem::exists("out"));
}
