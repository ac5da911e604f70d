// LLMEmb: prompts, pooling, alignment, the cached table, and a whole run in memory and on disk.
#include "p2rec/methods/llmemb/llmemb.h"

#include <fstream>

#include "autograd/ops.h"
#include "models/recommenders/registry.h"
#include "models/tokenizers/byte_tokenizer.h"
#include "nn/init.h"
#include "p2rec/data/load_data.h"
#include "p2rec/evaluation/ranked_users.h"
#include "p2rec/methods/llmemb/contrastive_loss.h"
#include "p2rec/methods/settings.h"
#include "p2rec/run/results_file.h"
#include "tests/p2rec/cli/shell.h"
#include "tests/p2rec/run/small_run.h"

using namespace p2rec;
using ag::Tensor;
using testing::check_close;
namespace tolerance = testing::tolerance;
using Strings = std::vector<std::string>;

namespace {

Interactions two_items() {
  Interactions data;
  data.item_ids = {"7", "9", "11"};
  data.titles = {"Toy Story", "Heat; or not", ""};
  data.attribute_names = {"year", "genre"};
  data.attributes = {{"1995", "Comedy"}, {"", std::string(99, 'x') + "äö"}, {"", ""}};
  data.source = "test";
  return data;
}

std::string text_of(const std::vector<int32_t>& ids) { return models::ByteTokenizer().decode(ids); }

testing::Options small_llmemb() {
  testing::Options options = testing::small_options();
  options["method"] = "llmemb";
  options["components"] = "6";
  options["align-alpha"] = "0.5";
  for (const char* name : {"groups", "history"}) options.erase(name);
  return options;
}

Tensor drawn_rows(int64_t rows, int64_t columns, uint32_t stream) {
  Tensor x = Tensor::empty({rows, columns});
  nn::normal_(x, 1, {5, 0, stream});
  return x;
}

RecommenderConfig adapted_recommender() {
  RecommenderConfig config;
  models::SasrecConfig sasrec;
  sasrec.items = 12;
  sasrec.max_length = 4;
  sasrec.hidden = sasrec.inner = 4;
  sasrec.use = models::ItemsUse::Frozen;
  sasrec.features = 6;
  config.model = sasrec;
  return config;
}

}  // namespace

TEST_CASE("an item's attributes: those with a value, cut to 100 characters, without separators") {
  const Interactions data = two_items();
  CHECK(item_attributes(data, 0) == Strings{"title is Toy Story", "year is 1995", "genre is Comedy"});
  CHECK(item_attributes(data, 1) ==
        Strings{"title is Heat. or not", "genre is " + std::string(99, 'x') + "ä"});
  CHECK(item_attributes(data, 2) == Strings{"id is 11"});
  const models::ByteTokenizer tokenizer;
  const ItemPrompts prompts(data, tokenizer, tokenizer.vocabulary());
  std::vector<int32_t> whole = prompts.whole(0);
  CHECK(whole.back() == tokenizer.special().ends[0]);
  whole.pop_back();
  CHECK(text_of(whole) ==
        "The item has the following attributes: \n title is Toy Story; year is 1995; genre is Comedy");
}

TEST_CASE("a copy shuffles an item's attributes and drops the last ones; of a single one, words") {
  const Strings five = {"a is 1", "b is 2", "c is 3", "d is 4", "e is 5"};
  // int(5 * 0.4) = 2 are dropped: those with the largest numbers.
  CHECK(dropped_attributes(five, .4, {.5, .1, .9, .8, .3}) == Strings{"b is 2", "e is 5", "a is 1"});
  CHECK(dropped_attributes(five, .1, {.5, .1, .9, .8, .3}).size() == 5);
  CHECK(parts_of({"title is Red Nail Polish"}) == 5);
  CHECK(dropped_attributes({"title is Red Nail Polish"}, .4, {.5, .1, .9, .8, .3}) ==
        Strings{"title is Polish"});
}

TEST_CASE("the copies of an item differ from each other and from step to step, and are drawn anew alike") {
  const Interactions data = testing::small_data();
  const models::ByteTokenizer tokenizer;
  const ItemPrompts prompts(data, tokenizer, tokenizer.vocabulary());
  int same = 0, same_step = 0;
  for (int64_t item = 0; item < data.items(); ++item) {
    const auto copy = [&](int which, uint32_t step) { return prompts.copy(item, which, .4, {1, step, 2}); };
    same += copy(0, 0) == copy(1, 0);
    same_step += copy(0, 0) == copy(0, 1);
    CHECK(copy(0, 0) == copy(0, 0));
    CHECK(copy(0, 0).size() < prompts.whole(item).size());
  }
  CHECK(same < data.items() / 2);
  CHECK(same_step < data.items() / 2);
}

TEST_CASE("average pooling is the mean of the states of all tokens, and has no shared prefix") {
  const models::ByteTokenizer tokenizer;
  const auto llm = untrained_tiny_llm(tokenizer, {});
  const ag::NoGrad no_grad;
  const std::vector<std::vector<int32_t>> texts = {tokenizer.encode("ab"), tokenizer.encode("c"),
                                                   tokenizer.encode("defgh")};
  const Tensor found = prompt_states({*llm, {}, Pooling::Average}, nn::pack(texts));
  for (size_t i = 0; i < texts.size(); ++i) {
    const auto row = static_cast<int64_t>(i);
    const Tensor states = llm->hidden_states(nn::pack({texts[i]}));
    const Tensor mean = ag::scale(ag::sum_rows(states), 1.0 / double(states.dim(0)));
    check_close(found.rows(row, row + 1).view({found.dim(1)}), mean, tolerance::kFused, "the mean state");
  }
  const models::SharedPrefix prefix = llm->shared_prefix(llm->embed(Tensor::from_ints(texts[0])));
  CHECK_THROWS_AS(prompt_states({*llm, {}, Pooling::Average}, nn::pack(texts), &prefix), ag::Error);
}

TEST_CASE("the alignment compares the teacher's and the adapted vectors of a batch's targets") {
  const RecommenderConfig config = adapted_recommender();
  const auto model = make_recommender(12, config);
  model->input_embeddings().set(drawn_rows(12, 6, 1));
  const Tensor teacher = drawn_rows(12, 4, 2);
  models::SequenceBatch batch = model->training_batch({{1, 2, 3}, {4, 5}}, {});
  const AlignedAdapterConfig adaptation{.alpha = .25, .tau = 2};
  const auto expected = [&](const std::vector<int32_t>& items) {
    const ag::NoGrad no_grad;
    const Tensor ids = Tensor::from_ints(items);
    return ag::scale(
        contrastive_loss(ag::embedding(teacher, ids), ag::embedding(model->input_embeddings().table(), ids),
                         Tensor::from({1}, {2})),
        .25);
  };
  const Tensor loss = alignment(teacher, adaptation)(*model, batch);
  check_close(loss.view({1}), expected({2, 3, 5}).view({1}), tolerance::kFused, "alignment");
  ag::backward(loss);
  for (const auto& [name, tensor] : model->named_parameters())
    CHECK(tensor.grad().defined() == name.starts_with("item_embedding.adapter"));
  // Of more targets than 1,024, evenly spaced ones: here every second.
  std::vector<int32_t> many, half;
  for (int32_t i = 0; i < 2048; ++i) many.push_back(i % 12);
  for (size_t i = 0; i < many.size(); i += 2) half.push_back(many[i]);
  batch.targets = Tensor::from_ints(many);
  check_close(alignment(teacher, adaptation)(*model, batch).view({1}), expected(half).view({1}),
              tolerance::kFused, "alignment of every second");
}

TEST_CASE("the cached table gives the same scores without adapter and embeddings") {
  for (const char* name : {"sasrec", "gru4rec", "bert4rec"}) {
    const auto& shown = name;
    CAPTURE(shown);
    RecommenderConfig config;
    config.model = models::default_recommender_config(name);
    config.model->use = models::ItemsUse::Frozen;
    config.model->features = 6;
    config.model->hidden = 8;
    config.model->max_length = 4;
    const auto model = make_recommender(12, config);
    model->input_embeddings().set(drawn_rows(12, 6, 1));
    const auto cached = models::with_cached_table(*model);
    const models::Histories histories = {{1, 2, 3}, {4}};
    check_close(cached->scores(cached->pack(histories)), model->scores(model->pack(histories)),
                tolerance::kFused, "scores");
    CHECK(cached->parameter_count() < model->parameter_count());
    for (const auto& [parameter, tensor] : cached->named_parameters())
      CHECK(parameter.find("adapter") == parameter.npos);
    CHECK_THROWS_AS(models::with_cached_table(*cached), ag::Error);
  }
}

TEST_CASE("without its causal mask, SASRec's states see later items") {
  models::SasrecConfig config;
  config.items = 12;
  config.max_length = 3;
  config.hidden = config.inner = 4;
  const auto first_state = [&](const std::vector<int32_t>& items) {
    const ag::NoGrad no_grad;
    const models::Sasrec model(config, 1);
    return model.states(model.pack({items})).rows(0, 1).values();
  };
  for (const auto variant :
       {models::SasrecConfig::Variant::Prenorm, models::SasrecConfig::Variant::Recbole}) {
    config.variant = variant;
    config.causal_mask = true;
    CHECK(first_state({1, 2, 3}) == first_state({1, 2, 4}));
    config.causal_mask = false;
    CHECK(first_state({1, 2, 3}) != first_state({1, 2, 4}));
  }
}

TEST_CASE("a run of llmemb: the stages write what the method gives in memory") {
  const testing::WorkingFolder here;
  testing::write_data(testing::small_data());
  testing::Options options = small_llmemb();
  options["seeds"] = "1";
  testing::run_stages(options);
  const Summary summary = ResultsFile("out").read().results.value();
  Strings arms;
  for (const ArmSummary& arm : summary.arms) arms.push_back(arm.name);
  CHECK(arms ==
        Strings{"random", "llmemb", "llmemb_unaligned", "llmemb_untuned", "llmemb_shuffled", "popularity"});

  const auto settings = settings_of({}, testing::given(options));
  const auto& config = dynamic_cast<LlmEmbConfig&>(*settings->config);
  CHECK(config.recommender.model->use == models::ItemsUse::Frozen);
  const Interactions data = load_data("data.txt");
  const models::LanguageModel llm = models::load_language_model("out/tiny_llm.safetensors");
  const LlmEmbResult result = llmemb(data, llm, config);
  const Tensor embeddings = read_item_matrix("out/item_embeddings.safetensors", "embeddings", data.items());
  CHECK(result.embeddings.values() == embeddings.values());
  CHECK(embeddings.values() !=
        read_item_matrix("out/item_embeddings_untuned.safetensors", "embeddings", data.items()).values());
  for (const RanksColumn& column : read_ranks("out/ranks.tsv").columns) {
    if (column.name == "llmemb-1") CHECK(column.ranks == result.ranks);
  }
  const auto adapter = [](const std::string& arm) {
    return nn::read_safetensors("out/recommender-" + arm + "-1.safetensors")
        .at("item_embedding.adapter.1.weight")
        .values();
  };
  CHECK(adapter("llmemb") != adapter("llmemb_unaligned"));
  const Tensor cached =
      read_item_matrix("out/cached-llmemb-1.safetensors", "item_embedding.weight", data.items());
  CHECK(cached.dim(1) == 8);
  CHECK(result.tuning.tau != config.tuning.tau);
}

TEST_CASE(
    "a real attribute file gives prompts with all attributes, and other attributes are another data set") {
  const testing::WorkingFolder here;
  testing::write_data(testing::small_data());
  const DataHashes before = hashes_of(load_data("data.txt"));
  std::ofstream items("data.item");
  items << "item_id:token\tasin:token\ttitle:token_seq\tyear:token\tgenre:token_seq\n"
        << "1\tB01\tHeat\t1995\tCrime Drama\n"
        << "2\tB02\tCasino\t\tDrama\n";
  items.close();
  const Interactions data = load_data("data.txt");
  CHECK(data.attribute_names == Strings{"year", "genre"});
  CHECK(item_attributes(data, 0) == Strings{"title is Heat", "year is 1995", "genre is Crime Drama"});
  CHECK(item_attributes(data, 1) == Strings{"title is Casino", "genre is Drama"});
  CHECK(hashes_of(data).training != before.training);
  Interactions other = data;
  other.attributes[0][0] = "1996";
  CHECK(hashes_of(other).training != hashes_of(data).training);
  CHECK(hashes_of(other).test == hashes_of(data).test);
}

TEST_CASE("llmemb refuses batches in parts and a teacher of another width, and has no option use") {
  const testing::WorkingFolder here;
  testing::write_data(testing::small_data());
  const auto problem = [](const std::string& name, const std::string& value) {
    testing::Options options = small_llmemb();
    options[name] = value;
    return testing::message_of([&] { testing::run_stages(options); });
  };
  CHECK(testing::contains(problem("sft-batch-parts", "2"), "expected 1, because the contrastive loss"));
  CHECK(testing::contains(problem("sft-tokens", "1"), "expected more than two items in a batch"));
  CHECK(testing::contains(problem("batch-parts", "2"), "expected 1, because the alignment"));
  CHECK(testing::contains(problem("teacher.hidden", "4"), "has 4 columns, but hidden is 8"));
  CHECK(testing::contains(problem("use", "start"), "there is no such option here"));
  CHECK_FALSE(std::filesystem::exists("out"));
}
