// Data-parallel training: the result of any number of ranks is that of one process, beyond rounding. ctest
// runs this file as one process, and on several ranks.
#include <chrono>
#include <thread>

#include "autograd/ops.h"
#include "models/tokenizers/byte_tokenizer.h"
#include "nn/init.h"
#include "nn/io/file_owner.h"
#include "p2rec/data/synthetic.h"
#include "p2rec/llm/candidate_scoring.h"
#include "p2rec/llm/embed.h"
#include "p2rec/llm/finetune.h"
#include "p2rec/llm/prompts.h"
#include "p2rec/llm/tiny_llm.h"
#include "p2rec/methods/delrec/distillation.h"
#include "p2rec/methods/federated/rounds.h"
#include "p2rec/methods/llmemb/adaptation.h"
#include "p2rec/methods/llmemb/contrastive_tuning.h"
#include "p2rec/training/train_recommender.h"
#include "tests/models/llama/small_shapes.h"
#include "tests/models/recommenders/small_recommenders.h"

using ag::Tensor;
using namespace p2rec;

namespace {

constexpr bool kF64 = testing::tolerance::kF64;
constexpr int64_t kSteps = 10;

const ag::Communicator& ranks() { return ag::Communicator::world(); }

Interactions some_data() {
  return make_synthetic({.users = 40, .items = 30, .groups = 3, .mean_length = 9, .seed = 5});
}

// After ten steps of Adam, whose divisor is as small as eps = 1e-8 where the gradient is only rounding, as
// that of attention's key bias.
constexpr testing::Tolerance kWeights{1e-9, 1e-9};

// All ranks must have the same bits, or their weights would drift apart. In f32 only losses are compared with
// those of one process.
void check_weights(const nn::NamedTensors& alone, const nn::NamedTensors& shared) {
  REQUIRE(alone.size() == shared.size());
  for (size_t i = 0; i < alone.size(); ++i) {
    CAPTURE(alone[i].first);
    const Tensor of_first = shared[i].second.clone();
    ranks().broadcast(of_first);
    CHECK(of_first.values() == shared[i].second.values());
    if (kF64) testing::check_close(shared[i].second, alone[i].second, kWeights, alone[i].first);
  }
}

void check_losses(const std::vector<double>& alone, const std::vector<double>& shared) {
  REQUIRE(std::ssize(alone) == kSteps);
  testing::check_close(Tensor::from({kSteps}, shared), Tensor::from({kSteps}, alone),
                       testing::tolerance::kTenSteps, "losses");
}

RecommenderConfig ten_steps(const std::string& model, const models::LossConfig& loss) {
  RecommenderConfig config;
  config.model = testing::recommender_with(
      model, {{"hidden", 16}, {"inner", 16}, {"gru-hidden", 16}, {"max-length", 8}, {"dropout", 0.3}});
  config.loss = loss;
  config.batch = 7;  // uneven parts on 2, 3 and 4 ranks
  config.steps_per_epoch = 5;
  config.max_epochs = 2;
  config.patience = 1000;
  return config;
}

Tensor drawn_rows(int64_t rows, int64_t columns) {
  Tensor x = Tensor::empty({rows, columns});
  nn::normal_(x, 1, nn::key_for("rows", 1));
  return x;
}

// Trains on one rank and on all ranks, and compares.
void compare_trainings(const RecommenderConfig& config, const Tensor& start = {},
                       const ExtraLoss& extra = {}) {
  const Interactions data = some_data();
  const auto train = [&](const Task& task) { return train_from(start, data, config, task, extra); };
  const Recommender alone = train(Task()), shared = train(Task(ranks()));
  CHECK(shared.tokens == alone.tokens);
  REQUIRE(shared.validation.size() == 2);
  if (kF64) CHECK(shared.validation == alone.validation);
  check_weights(alone.model->named_parameters(), shared.model->named_parameters());
}

}  // namespace

TEST_CASE("every recommender with every loss, with dropout") {
  using enum models::RecommenderLoss;
  for (const std::string& model : testing::trainable_models()) {
    for (const auto loss : {CrossEntropy, BCE, GBCE, SampledSoftmax}) {
      CAPTURE(model);
      CAPTURE(static_cast<int>(loss));
      compare_trainings(ten_steps(model, {loss, loss == CrossEntropy ? 1 : 3}));
    }
  }
}

TEST_CASE(
    "batches that are smaller than the number of ranks, in several parts on each, with shared negatives") {
  RecommenderConfig config = ten_steps("sasrec", {models::RecommenderLoss::BCE, 2});
  config.batch = 3;
  config.batch_parts = 2;
  config.share_negatives = true;
  compare_trainings(config);
}

TEST_CASE("sparse Adam, also where a rank has no sequence") {
  for (const int64_t batch : {2, 7}) {
    RecommenderConfig config = ten_steps("sasrec", {models::RecommenderLoss::BCE, 2});
    config.batch = batch;
    config.sparse_adam = true;
    compare_trainings(config);
  }
}

TEST_CASE("LoRA with dropout, gradient clipping, item tokens and held-out examples") {
  const Interactions data = some_data();
  const models::ByteTokenizer tokenizer;
  const Prompts prompts(data, tokenizer, {ItemsAs::Tokens, 6}, tokenizer.vocabulary());
  const models::LlamaConfig llama = testing::byte_config(2);
  FinetuneConfig config;
  config.lora.dropout = 0.3;
  config.epochs = 2;
  config.tokens = 7 * 30;  // about 7 prompts
  config.clip = 0.1;
  nn::NamedTensors weights[2];
  FinetuneLosses losses[2];
  Tensor embedded[2];
  for (const bool shared : {false, true}) {
    const Task task = shared ? Task(ranks()) : Task();
    models::Llama model(llama);
    models::initialise(model, 0.2, 1);
    const Tensor items = initial_item_tokens(model, data.items(), 1).set_requires_grad();
    Finetuning finetuning;
    for (int64_t user = 0; user < data.users(); ++user)
      (user < 35 ? finetuning.examples : finetuning.heldout).push_back(user);
    for (const int64_t user : finetuning.examples)
      finetuning.lengths.push_back(std::ssize(prompts.of(training_part(data, user))));
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
    losses[shared] = finetune(model, config, finetuning, task);
    weights[shared] = nn::lora_parameters(model);
    weights[shared].emplace_back("item_tokens", items.detach());
    embedded[shared] = embed_items(
        {model, items}, data.items(), [&](int64_t item) { return prompts.of(training_part(data, item)); },
        nullptr, task);
  }
  check_losses(losses[0].steps, losses[1].steps);
  testing::check_close(Tensor::from({1}, {losses[1].heldout}), Tensor::from({1}, {losses[0].heldout}),
                       testing::tolerance::kTenSteps, "held-out loss");
  check_weights(weights[0], weights[1]);
  if (kF64) testing::check_close(embedded[1], embedded[0], kWeights, "embedded items");
}

TEST_CASE("embedding more items than the ranks take at once") {
  const models::ByteTokenizer tokenizer;
  const auto model = untrained_tiny_llm(tokenizer, {});
  const int64_t items = 5 * kTokensEmbeddedTogether / 3;  // of 3 tokens on average
  const auto prompt = [](int64_t item) {
    return std::vector<int32_t>(static_cast<size_t>(1 + item % 5), static_cast<int32_t>(item % 200));
  };
  const Tensor alone = embed_items({*model}, items, prompt, nullptr, {}),
               shared = embed_items({*model}, items, prompt, nullptr, Task(ranks()));
  CHECK(shared.values() == alone.values());
}

TEST_CASE("pre-training of the tiny language model") {
  const Interactions data = some_data();
  const models::ByteTokenizer tokenizer;
  const auto train = [&](const Task& task) {
    return pretrain_tiny_llm(data, tokenizer, {.steps = kSteps, .batch = 3}, task)->named_parameters();
  };
  check_weights(train(Task()), train(Task(ranks())));
}

TEST_CASE("ranking more users than are ranked together") {
  const Interactions data = make_synthetic({.users = 600, .items = 40, .groups = 3, .seed = 5});
  const auto model = make_recommender(data.items(), ten_steps("sasrec", {}));
  for (const auto against : {RankedAgainst::Catalogue, RankedAgainst::EvenSample}) {
    const RankingConfig config{.against = against, .negatives = 5};
    const std::vector<int64_t> alone = target_ranks(*model, data, Target::Test, config);
    CHECK(std::ssize(alone) > 2 * kUsersRankedTogether);
    CHECK(target_ranks(*model, data, Target::Test, config, ranks()) == alone);
  }
}

TEST_CASE("a recommender with a loss that compares all items of a batch") {
  RecommenderConfig config = ten_steps("sasrec", {});
  config.model->use = models::ItemsUse::Frozen;
  const int64_t items = some_data().items();
  compare_trainings(config, drawn_rows(items, 6), alignment(drawn_rows(items, 16), {.alpha = .5, .tau = 2}));
}

TEST_CASE("contrastive fine-tuning, whose loss compares all items of a batch") {
  const Interactions data = make_synthetic({.users = 20, .items = 60, .groups = 3, .seed = 5});
  const models::ByteTokenizer tokenizer;
  const ItemPrompts prompts(data, tokenizer, tokenizer.vocabulary());
  ContrastiveTuningConfig config;
  config.finetune.epochs = 2;
  nn::NamedTensors weights[2];
  ContrastiveTuning tuned[2];
  for (const bool shared : {false, true}) {
    models::Llama model(testing::byte_config(2));
    models::initialise(model, 0.2, 1);
    tuned[shared] = tune_contrastively(model, prompts, data, config, shared ? Task(ranks()) : Task());
    weights[shared] = nn::lora_parameters(model);
  }
  const auto& [alone, of_ranks] = tuned;
  CHECK(alone.losses.steps.size() >= 6);
  testing::check_close(Tensor::from({3}, {of_ranks.losses.heldout, of_ranks.losses.last_epoch, of_ranks.tau}),
                       Tensor::from({3}, {alone.losses.heldout, alone.losses.last_epoch, alone.tau}),
                       testing::tolerance::kTenSteps, "held-out loss, loss and tau");
  check_weights(weights[0], weights[1]);
}

TEST_CASE("a soft prompt, whose loss weighs two tasks by their losses in a batch") {
  const Interactions data = some_data();
  const models::ByteTokenizer tokenizer;
  models::Llama model(testing::byte_config(1));
  models::initialise(model, 0.2, 1);
  model.requires_grad(false);
  const DelrecPromptConfig prompts;
  const DelrecInput input(model, tokenizer, data, prompts);
  const auto teacher = make_recommender(data.items(), ten_steps("sasrec", {}));
  const DistillationConfig config{.batch = 3, .epochs = 1};
  const auto learned = [&](const Task& task) {
    return nn::NamedTensors{
        {"soft prompt", distil(input, *teacher, {config, 6, 12, 1}, task).soft_prompt.detach()}};
  };
  check_weights(learned(Task()), learned(Task(ranks())));
}

TEST_CASE("a federation whose clients are on several ranks") {
  for (const auto averaging : {Averaging::Factors, Averaging::Products}) {
    nn::NamedTensors trained[2];
    RoundHistory history[2];
    for (const bool shared : {false, true}) {
      const Tensor a = drawn_rows(2, 3).set_requires_grad(), b = drawn_rows(4, 2).set_requires_grad(),
                   c = drawn_rows(1, 5).set_requires_grad();
      trained[shared] = {{"x.lora_A.weight", a}, {"x.lora_B.weight", b}, {"c", c}};
      const Federation federation{
          .trained = {{trained[shared], 0.1}},
          .shards = {{0}, {1, 2}, {3, 4, 5}, {6}, {7, 8}},
          .heldout = {9, 10, 11},
          .loss = [&](std::span<const int64_t> users, const BatchPart&, const nn::DropoutContext&) {
            double sum = 0;
            for (const int64_t user : users) sum += 1 + double(user);
            const Tensor product = ag::matmul(b, a),
                         squares = ag::add(ag::mean(ag::mul(product, product)), ag::mean(ag::mul(c, c)));
            return PartLoss{ag::scale(squares, sum / double(users.size()))};
          }};
      RoundsConfig config;
      config.rounds = 3;
      config.sampled = 4;
      history[shared] = run_rounds(federation, config, averaging, shared ? Task(ranks()) : Task());
    }
    check_weights(trained[0], trained[1]);
    for (const auto numbers : {&RoundHistory::train, &RoundHistory::heldout, &RoundHistory::gap})
      testing::check_close(Tensor::from({3}, history[1].*numbers), Tensor::from({3}, history[0].*numbers),
                           testing::tolerance::kTenSteps, "a number of each round");
  }
}

TEST_CASE("scores of more rows than ranks") {
  const auto scores = [](int64_t row) { return std::vector{double(row), double(row * row)}; };
  const Tensor alone = score_rows(7, 2, "row", scores, {}),
               shared = score_rows(7, 2, "row", scores, Task(ranks()));
  CHECK(alone.values() == std::vector<ag::real>{0, 0, 1, 1, 2, 4, 3, 9, 4, 16, 5, 25, 6, 36});
  CHECK(shared.values() == alone.values());
}

TEST_CASE("a rank finds a file only after all ranks have come to the line that writes it") {
  const testing::TemporaryFolder folder;  // of rank 0, whose path the others get
  const std::string own = folder.path();
  Tensor letters = Tensor::from_ints(std::vector<int32_t>(own.begin(), own.end()));
  ranks().broadcast(letters);
  const nn::Path file = nn::Path(std::string(letters.ints(), letters.ints() + letters.numel())) / "file";
  const auto wait = [] {
    if (!ranks().is_first()) std::this_thread::sleep_for(std::chrono::milliseconds(100));
  };
  wait();
  CHECK_FALSE(std::filesystem::exists(file));
  nn::write_atomically(file, std::to_string(ranks().rank()));
  CHECK(nn::read_file(file, "file") == "0");
  wait();
  CHECK(std::filesystem::exists(file));
  nn::remove_file(file);
  CHECK_FALSE(std::filesystem::exists(file));
}
