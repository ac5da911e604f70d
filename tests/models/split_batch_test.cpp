// Splitting a batch changes nothing: a batch in one piece and in three uneven pieces gives the same
// gradients, with dropout.
#include "models/llama/llama.h"
#include "models/recommenders/sasrec.h"
#include "nn/lora.h"
#include "tests/models/recommenders/small_recommenders.h"

using ag::Tensor;

namespace {

constexpr double kTolerance = std::is_same_v<ag::real, double> ? 1e-12 : 1e-5;
const std::vector<int64_t> kOnePiece{0, 7}, kThreePieces{0, 1, 5, 7};  // the bounds of the pieces

// loss(begin, end): the mean loss over the targets of these sequences, times their share of all targets.
std::vector<std::vector<ag::real>> gradients(const nn::NamedTensors& parameters,
                                             const std::vector<int64_t>& cuts,
                                             const std::function<Tensor(int64_t, int64_t)>& loss) {
  for (const auto& [name, w] : parameters) w.zero_grad();
  for (size_t i = 0; i + 1 < cuts.size(); ++i) ag::backward(loss(cuts[i], cuts[i + 1]));
  std::vector<std::vector<ag::real>> result;
  for (const auto& [name, w] : parameters) {
    if (w.grad().defined()) result.push_back(w.grad().values());
  }
  return result;
}

void check_split(const nn::NamedTensors& parameters, const std::function<Tensor(int64_t, int64_t)>& loss) {
  const auto one = gradients(parameters, kOnePiece, loss), three = gradients(parameters, kThreePieces, loss);
  REQUIRE(one.size() >= 5);
  REQUIRE(three.size() == one.size());
  double largest = 0, difference = 0;
  for (size_t i = 0; i < one.size(); ++i) {
    for (size_t j = 0; j < one[i].size(); ++j) {
      largest = std::max<double>(largest, std::abs(one[i][j]));
      difference = std::max<double>(difference, std::abs(three[i][j] - one[i][j]));
    }
  }
  CHECK(largest > 0.01);
  CHECK(difference <= kTolerance);
}

double share(const Tensor& part, const Tensor& whole) {
  return static_cast<double>(part.numel()) / static_cast<double>(whole.numel());
}

models::Histories windows(int32_t items) {
  models::Histories all;
  for (const int32_t length : {5, 11, 2, 3, 70, 2, 6}) {
    std::vector<int32_t>& window = all.emplace_back();
    for (int32_t i = 0; i < length; ++i) window.push_back((7 * length + i * i) % items);
  }
  return all;
}

// 50 columns are not a multiple of the size of a mask's group.
const std::map<std::string, double> kSizes = {
    {"max-length", 80}, {"hidden", 50}, {"inner", 70}, {"gru-hidden", 6}, {"dropout", 0.4}};

models::AnyRecommenderConfig config_of(const std::string& model) {
  models::AnyRecommenderConfig config = testing::recommender_with(model, kSizes);
  config->items = 40;
  return config;
}

models::SasrecConfig sasrec(models::SasrecConfig::Variant variant) {
  models::SasrecConfig config = *config_of("sasrec").as<models::SasrecConfig>();
  config.variant = variant;
  return config;
}

}  // namespace

TEST_CASE("a recommender's batch in three pieces has the gradients of one piece") {
  for (const std::string& name : testing::trainable_models()) {
    for (const bool samples : {false, true}) {
      INFO(name, ", samples: ", samples);
      const auto model = testing::trainable(*config_of(name));
      models::SequenceBatch batch = model->training_batch(windows(40), {1, 3, 5});
      batch.input.dropout = {1, 3, true};
      std::vector<int32_t> negatives(static_cast<size_t>(batch.targets.numel()));
      for (size_t i = 0; i < negatives.size(); ++i) negatives[i] = static_cast<int32_t>(i * 3 % 40);
      if (samples) batch.negatives = Tensor::from_ints({batch.targets.numel(), 1}, negatives);
      const models::LossConfig loss{samples ? models::RecommenderLoss::BCE
                                            : models::RecommenderLoss::CrossEntropy};
      check_split(model->named_parameters(), [&](int64_t begin, int64_t end) {
        const models::SequenceBatch piece = models::part(batch, begin, end);
        return ag::scale(model->loss(piece, loss), share(piece.targets, batch.targets));
      });
    }
  }
}

TEST_CASE("a pass over only the last rows draws the same dropout as the whole pass") {
  using enum models::SasrecConfig::Variant;
  for (const auto variant : {Prenorm, Original, Recbole}) {
    const auto model = testing::trainable(sasrec(variant));
    nn::Packed whole = model->pack(windows(40));
    whole.dropout = {1, 3, true};
    const nn::Packed x = nn::part(whole, 2, 7);
    const std::vector<ag::real> last = model->user_states(x).values(),
                                all = ag::embedding(model->states(x), x.offsets.last_rows()).values();
    for (size_t i = 0; i < last.size(); ++i) CHECK(last[i] == doctest::Approx(all[i]).epsilon(1e-4));
  }
}

TEST_CASE("a language model's batch with LoRA in three pieces has the gradients of one piece") {
  models::LlamaConfig config;
  config.vocabulary = 40;
  config.hidden = 48;
  config.intermediate = 72;
  config.layers = 2;
  config.heads = 4;
  config.kv_heads = 2;
  models::Llama model(config);
  models::initialise(model, 0.1, 1);
  nn::attach_lora(model, nn::LoraConfig{.dropout = 0.3});
  const nn::NamedTensors adapters = nn::lora_parameters(model);
  for (const auto& [name, w] : adapters) {  // with the initial B = 0, A would have no gradient
    for (int64_t i = 0; i < w.numel(); ++i) w.data()[i] += ag::real(0.03) * static_cast<ag::real>(i % 5 - 2);
  }
  nn::Packed batch = nn::pack(windows(40));
  batch.dropout = {1, 3, true};
  check_split(adapters, [&](int64_t begin, int64_t end) {
    const nn::Packed piece = nn::part(batch, begin, end);
    const Tensor logits = model.logits(model.hidden_states(piece));
    return ag::scale(ag::cross_entropy(logits, piece.ids), share(piece.ids, batch.ids));
  });
}
