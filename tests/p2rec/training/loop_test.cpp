// The training loop: a batch in parts gives the same result as a whole batch, and so does a resumed training.
#include "p2rec/training/loop.h"

#include "models/tokenizers/byte_tokenizer.h"
#include "p2rec/data/synthetic.h"
#include "p2rec/llm/embed.h"
#include "p2rec/llm/finetune.h"
#include "p2rec/llm/prompts.h"
#include "p2rec/training/train_recommender.h"
#include "tests/models/llama/small_shapes.h"
#include "tests/models/recommenders/small_recommenders.h"

using ag::Tensor;
using namespace p2rec;

namespace {

constexpr testing::Tolerance kSame =
    sizeof(ag::real) == sizeof(double) ? testing::Tolerance{1e-12, 1e-12} : testing::Tolerance{1e-4, 1e-5};

Interactions some_data() {
  return make_synthetic({.users = 40, .items = 30, .groups = 3, .mean_length = 9, .seed = 5});
}

// One step with dropout on all windows, in `parts` parts.
RecommenderConfig one_step(const std::string& model, int64_t parts) {
  RecommenderConfig config;
  config.model = testing::recommender_with(
      model, {{"hidden", 16}, {"inner", 16}, {"gru-hidden", 16}, {"max-length", 8}, {"dropout", 0.3}});
  config.batch = 1000;
  config.batch_parts = parts;
  config.max_epochs = 1;
  config.patience = 0;
  config.device = testing::device();
  return config;
}

void check_same_gradients(const nn::NamedTensors& whole, const nn::NamedTensors& parts) {
  REQUIRE(whole.size() == parts.size());
  for (size_t i = 0; i < whole.size(); ++i) {
    CAPTURE(whole[i].first);
    REQUIRE(whole[i].second.grad().defined() == parts[i].second.grad().defined());
    if (whole[i].second.grad().defined())
      testing::check_close(parts[i].second.grad(), whole[i].second.grad(), kSame, whole[i].first);
  }
}

}  // namespace

TEST_CASE(
    "a recommender's batch in one piece and in three uneven ones has the same gradients, with dropout") {
  const Interactions data = some_data();
  for (const std::string& model : testing::trainable_models()) {
    for (const auto loss : {models::RecommenderLoss::CrossEntropy, models::RecommenderLoss::BCE}) {
      CAPTURE(model);
      const auto gradients = [&](int64_t parts) {
        RecommenderConfig config = one_step(model, parts);
        config.loss = {loss, 1};
        const Recommender trained = train_from({}, data, config);
        CHECK(trained.epochs == 1);
        return trained.model->named_parameters();
      };
      check_same_gradients(gradients(1), gradients(3));
    }
  }
}

TEST_CASE("sparse Adam takes the same step from a batch in parts") {
  if (sizeof(ag::real) < sizeof(double))
    return;  // Adam's first step is the sign of the gradient, so rounding can change it much
  const auto weights = [&](int64_t parts) {
    RecommenderConfig config = one_step("sasrec", parts);
    config.loss = {models::RecommenderLoss::BCE, 2};
    config.sparse_adam = true;
    return train_from({}, some_data(), config).model->named_parameters();
  };
  const nn::NamedTensors whole = weights(1), parts = weights(3);
  for (size_t i = 0; i < whole.size(); ++i)
    testing::check_close(parts[i].second, whole[i].second, {1e-8, 1e-8}, whole[i].first);
}

TEST_CASE("a fine-tuning batch in one piece and in three uneven ones has the same gradients, with dropout") {
  const Interactions data = some_data();
  const models::ByteTokenizer tokenizer;
  const Prompts prompts(data, tokenizer, {ItemsAs::Tokens, 6}, tokenizer.vocabulary());
  const models::LlamaConfig llama = testing::byte_config(2);
  FinetuneConfig config;
  config.lora.dropout = 0.3;
  config.epochs = 1;
  config.tokens = 1'000'000;  // one step
  config.clip = 0;
  const auto gradients = [&](models::Llama& model, int64_t parts) {
    models::initialise(model, 0.2, 1);
    model.move_to(testing::device());
    config.batch_parts = parts;
    const Tensor items = initial_item_tokens(model, data.items(), 1).set_requires_grad();
    Finetuning finetuning;
    for (int64_t user = 0; user < data.users(); ++user) {
      finetuning.examples.push_back(user);
      finetuning.lengths.push_back(std::ssize(prompts.of(training_part(data, user))));
    }
    finetuning.trained = {{{{"item_tokens", items}}, 1e-3}};
    finetuning.loss = [&](std::span<const int64_t> batch, const BatchPart& part,
                          const nn::DropoutContext& dropout) -> PartLoss {
      std::vector<std::vector<int32_t>> texts;
      for (const int64_t user : batch) texts.push_back(prompts.of(training_part(data, user)));
      nn::Packed x = nn::pack(texts);
      x.dropout = dropout;
      const int64_t B = std::ssize(batch), begin = part.begin(B), end = part.end(B);
      const Tensor states = prompt_states({model, items}, nn::part(x, begin, end));
      return {ag::mean(ag::mul(states, ag::silu(states))), end - begin, B};
    };
    finetune(model, config, finetuning);
    nn::NamedTensors all = nn::lora_parameters(model);
    all.emplace_back("item_tokens", items);
    return all;
  };
  models::Llama first(llama), second(llama), third(llama);
  const nn::NamedTensors whole = gradients(first, 1);
  check_same_gradients(whole, gradients(second, 3));
  // The gradients do depend on the masks.
  config.lora.dropout = 0;
  CHECK(whole[1].second.grad().values() != gradients(third, 1)[1].second.grad().values());  // lora_B's
}

TEST_CASE("a training that is stopped within an epoch resumes with the same losses and weights") {
  const testing::TemporaryFolder folder;
  const auto run = [&](const Task& task, int64_t stop_at) {
    Tensor w = Tensor::from({2}, {1, -2}).set_requires_grad();
    nn::Adam adam({{"w", w}}, {.lr = 0.1});
    int64_t seen = 0;
    const Loop loop{.adam = adam,
                    .steps_per_epoch = 3,
                    .epochs = 4,
                    .lr = 0.1,
                    .clip = 1,
                    .loss = [&](int64_t step, const BatchPart&) -> PartLoss {
                      if (step == stop_at) request_stop();
                      ++seen;
                      return {ag::mean(ag::mul(w, w))};
                    },
                    .validate =
                        [&](int64_t epoch) {
                          return Values{{"double", 2.0 * double(epoch)}};
                        },
                    .enough = [&](int64_t epoch) { return epoch == 3; },
                    .state = [&](Checkpoint& checkpoint) { checkpoint.number("seen", seen); }};
    std::vector<double> result = train(loop, task);
    CHECK(seen == 9);
    for (const ag::real x : w.values()) result.push_back(x);
    return result;
  };
  const auto log = [&](const char* name) { return nn::read_file(folder / name / "log.jsonl", "log"); };
  const std::vector<double> whole = run(Journal::open(folder / "whole", true)->task("t", ""), -1);
  CHECK(whole.size() == 9 + 2);
  for (const int64_t stop_at : {4, 5, 8}) {
    CAPTURE(stop_at);
    const auto task = [&] { return Journal::open(folder / "stopped", true)->task("t", ""); };
    CHECK_THROWS_AS(run(task(), stop_at), Interrupted);
    forget_stop_request();
    const Task again = task();
    CHECK(run(again, -1) == whole);
    CHECK(log("stopped") == log("whole"));
    again.discard();
  }
}
