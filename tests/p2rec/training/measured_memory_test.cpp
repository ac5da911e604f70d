// The predictions of the memory checks, compared with the memory of real trainings. Trainings
// that do not fit are refused, and the hint has a batch that fits. memory_limit_test.cpp
// tests the same for the whole program.
#include "p2rec/training/measured_memory.h"

#include <fstream>

#include "autograd/storage.h"
#include "models/tokenizers/byte_tokenizer.h"
#include "nn/system/memory.h"
#include "p2rec/data/synthetic.h"
#include "p2rec/methods/p2rec/item_augmentation.h"
#include "p2rec/methods/p2rec/preferences.h"
#include "p2rec/methods/p2rec/reconstruction.h"
#include "p2rec/training/train_recommender.h"
#include "tests/models/recommenders/small_recommenders.h"

namespace {

constexpr int64_t kMiB = 1 << 20;

// Limits the available memory to `bytes` while it lives.
struct Available {
  explicit Available(int64_t bytes) {
    ag::release_cached_memory();
    std::ifstream statm("/proc/self/statm");
    int64_t pages = 0, resident = 0;
    statm >> pages >> resident;
    nn::set_memory_limit(resident * 4096 + bytes);
  }
  ~Available() { nn::set_memory_limit(0); }
  Available(const Available&) = delete;
  Available& operator=(const Available&) = delete;
};

// The peak of the device's tensor memory while `work` runs, minus what was in use before.
template <class Work>
double held_by(const Work& work) {
  ag::reset_memory_peak(testing::device());
  const int64_t before = ag::memory_stats(testing::device()).in_use;
  work();
  return static_cast<double>(ag::memory_stats(testing::device()).peak - before);
}

void check_prediction(int64_t predicted, double found) {
  MESSAGE("predicted ", nn::memory_text(predicted), ", ", static_cast<double>(predicted) / found,
          " times what was held");
  CHECK(static_cast<double>(predicted) >= 0.9 * found);
  CHECK(static_cast<double>(predicted) <= 1.4 * found);
}

p2rec::Interactions some_data() {
  return p2rec::make_synthetic({.users = 300, .items = 120, .groups = 4, .mean_length = 16, .seed = 5});
}

p2rec::RecommenderConfig large_config() {
  p2rec::RecommenderConfig config;
  config.batch = 512;
  config.model = testing::recommender_with("sasrec", {{"hidden", 128}, {"inner", 128}, {"blocks", 4}});
  config.max_epochs = 1;
  config.device = testing::device();
  return config;
}

}  // namespace

TEST_CASE("the largest number of tokens of a batch") {
  CHECK(p2rec::most_tokens({3, 3, 3, 3}, 2) == 6);
  CHECK(p2rec::most_tokens({1, 2, 4}, 8) == 7);
  CHECK(p2rec::most_tokens({1, 9, 4}, 1) == 9);
}

TEST_CASE("training a recommender takes the predicted memory") {
  const p2rec::Interactions data = some_data();
  struct Size {
    const char* model;
    double hidden, blocks;
    int64_t batch;
    double max_length;
    double dropout;
    models::LossConfig loss;
    bool sparse_adam = false;
  };
  using enum models::RecommenderLoss;
  for (const Size& size :
       {Size{"sasrec", 16, 1, 128, 12, 0, {}}, Size{"sasrec", 64, 2, 64, 12, 0.2, {}},
        Size{"sasrec", 48, 3, 256, 20, 0.2, {BCE, 1}}, Size{"sasrec", 32, 1, 128, 20, 0.2, {GBCE, 32}},
        Size{"sasrec", 32, 2, 64, 12, 0.2, {SampledSoftmax, 16}, true},
        Size{"gru4rec", 32, 0, 128, 20, 0.3, {}}, Size{"gru4rec", 64, 0, 64, 12, 0, {BCE, 1}},
        Size{"bert4rec", 32, 2, 128, 12, 0.2, {}}}) {
    CAPTURE(size.model);
    CAPTURE(size.hidden);
    CAPTURE(static_cast<int>(size.loss.kind));
    p2rec::RecommenderConfig config;
    config.model = testing::recommender_with(size.model, {{"hidden", size.hidden},
                                                          {"inner", size.hidden},
                                                          {"gru-hidden", 2 * size.hidden},
                                                          {"blocks", size.blocks},
                                                          {"max-length", size.max_length},
                                                          {"dropout", size.dropout}});
    config.loss = size.loss;
    config.sparse_adam = size.sparse_adam;
    config.batch = size.batch;
    config.max_epochs = 2;
    config.device = testing::device();
    const int64_t predicted = p2rec::check_training_memory(data, config);
    check_prediction(predicted, held_by([&] { p2rec::pretrain_teacher(data, config); }));
  }
}

TEST_CASE("a recommender's batch that does not fit is refused, and the hint has one that fits") {
  const p2rec::Interactions data = some_data();
  p2rec::RecommenderConfig config = large_config();
  const int64_t needed = p2rec::check_training_memory(data, config), available = needed / 2;
  {
    const Available limit(available);
    try {
      p2rec::check_training_memory(data, config);
      FAIL("not refused");
    } catch (const ag::InputError& error) {
      const std::string message = error.what();
      CAPTURE(message);
      CHECK(
          message.starts_with("batch: training a recommender of 120 items with batches of 512 needs about "));
      const size_t hint = message.find("hint: batch ");
      REQUIRE(hint != std::string::npos);
      config.batch = std::stoll(message.substr(hint + 12));
    }
    CHECK(config.batch > 1);
    CHECK(config.batch < 512);
  }
  CHECK(held_by([&] { p2rec::pretrain_teacher(data, config); }) <= static_cast<double>(available));

  const Available nothing(0);
  CHECK_THROWS_WITH_AS(p2rec::check_training_memory(data, config),
                       doctest::Contains("needs more memory even with the smallest batch, but "),
                       ag::InputError);
}

TEST_CASE("as many trainings run at the same time as fit, on CUDA one") {
  const p2rec::Interactions data = some_data();
  const p2rec::RecommenderConfig config = large_config();
  const int64_t each = p2rec::check_training_memory(data, config);
  const Available limit(each * 5 / 2);
  const int64_t fit = testing::device() == ag::Device::CUDA ? 1 : 2;
  CHECK(p2rec::trainings_side_by_side(data, config, 8) == fit);
  CHECK(p2rec::trainings_side_by_side(data, config, 1) == 1);
  CHECK(p2rec::trainings_side_by_side(data, config, 8, each) == 1);
  CHECK_THROWS_AS(p2rec::trainings_side_by_side(data, config, 8, 2 * each), ag::InputError);
}

TEST_CASE("fine-tuning takes the predicted memory; if it does not fit, the hint has a batch that fits") {
  const p2rec::Interactions data = some_data();
  const models::ByteTokenizer tokenizer;
  struct Size {
    int64_t hidden, intermediate, layers, tokens;
    double dropout;
    p2rec::ItemsAs items_as;
  };
  for (const Size& size :
       {Size{32, 96, 2, 600, 0, p2rec::ItemsAs::Tokens}, Size{96, 256, 4, 600, 0, p2rec::ItemsAs::Tokens},
        Size{64, 128, 6, 800, 0.1, p2rec::ItemsAs::Ids}}) {
    CAPTURE(size.hidden);
    models::LlamaConfig config;
    config.vocabulary = tokenizer.vocabulary();
    config.hidden = size.hidden;
    config.intermediate = size.intermediate;
    config.layers = size.layers;
    config.heads = 4;
    config.kv_heads = 2;
    models::Llama model(config);
    models::initialise(model, 0.05, 1);
    model.requires_grad(false);
    model.move_to(testing::device());
    p2rec::ReconstructionConfig reconstruction;
    reconstruction.finetune.tokens = size.tokens;
    reconstruction.finetune.epochs = 1;
    reconstruction.finetune.lora.dropout = size.dropout;
    const p2rec::Prompts prompts(data, tokenizer, {size.items_as, 20}, tokenizer.vocabulary());
    p2rec::ItemGroups groups;
    groups.groups = 4;
    for (int64_t i = 0; i < data.items(); ++i) groups.group_of.push_back(static_cast<int32_t>(i % 4));
    const ag::Tensor preferences = p2rec::user_preferences(data, groups);
    const auto check = [&] {
      return p2rec::check_reconstruction_memory(model, prompts, data, reconstruction);
    };
    const int64_t predicted = check();
    check_prediction(predicted,
                     held_by([&] { p2rec::reconstruct(model, prompts, data, preferences, reconstruction); }));
    nn::detach_lora(model);
    const Available limit(predicted * 2 / 3);
    CHECK_THROWS_WITH_AS(check(), doctest::Contains("sft-tokens: fine-tuning with batches of "),
                         ag::InputError);
  }
}

TEST_CASE("embedding the items is refused if it does not fit") {
  const p2rec::Interactions data = some_data();
  const models::ByteTokenizer tokenizer;
  models::LlamaConfig config;
  config.vocabulary = tokenizer.vocabulary();
  config.hidden = 256;
  config.intermediate = 512;
  config.layers = 2;
  config.heads = config.kv_heads = 4;
  models::Llama model(config);
  model.requires_grad(false);
  model.move_to(testing::device());
  const p2rec::Prompts prompts(data, tokenizer, {p2rec::ItemsAs::Ids, 20}, tokenizer.vocabulary());
  const p2rec::ItemReader reader{model};
  p2rec::check_augmentation_memory(reader, prompts);
  const auto held = static_cast<int64_t>(held_by([&] { p2rec::augment_items(reader, prompts); }));
  const Available limit(held / 2);
  CHECK_THROWS_WITH_AS(p2rec::check_augmentation_memory(reader, prompts),
                       doctest::Contains("llm: embedding 120 items"), ag::InputError);
}
