// Compares the recommenders with PyTorch and RecBole: outputs, loss, every gradient, and the losses of ten
// optimiser steps. Also tests their batches.
#include <algorithm>
#include <map>
#include <set>

#include "models/recommenders/bert4rec.h"
#include "models/recommenders/gru4rec.h"
#include "models/recommenders/narm.h"
#include "models/recommenders/popularity.h"
#include "models/recommenders/sasrec.h"
#include "tests/autograd/large_op_cases.h"
#include "tests/models/llama/model_runs.h"
#include "tests/models/recommenders/small_recommenders.h"

using ag::Tensor;
using models::AnyRecommenderConfig;
using models::Bert4recConfig;
using models::Gru4recConfig;
using models::SasrecConfig;
using testing::below;
using testing::check_close;
using testing::check_training;
using testing::packed_input;
using testing::recommender_with;
using testing::trainable;
using testing::trainable_models;
namespace tolerance = testing::tolerance;

namespace {

template <class Config>
Config small_config(int64_t items, int64_t max_length, int64_t hidden) {
  Config config;
  config.items = items;
  config.max_length = max_length;
  config.hidden = hidden;
  config.dropout = 0;
  if constexpr (std::is_base_of_v<models::TransformerConfig, Config>) config.inner = hidden;
  return config;
}

SasrecConfig small_sasrec(SasrecConfig::Variant variant, int64_t items = 9, int64_t max_length = 6,
                          int64_t hidden = 8) {
  auto config = small_config<SasrecConfig>(items, max_length, hidden);
  config.variant = variant;
  return config;
}

// A trained model with nine items.
AnyRecommenderConfig small_model(const std::string& name, int64_t max_length = 6) {
  AnyRecommenderConfig config = recommender_with(
      name, {{"max-length", max_length}, {"hidden", 8}, {"inner", 8}, {"gru-hidden", 10}, {"dropout", 0}});
  config->items = 9;
  return config;
}

// Every variant of every model, with a name.
std::vector<std::pair<std::string, AnyRecommenderConfig>> small_models_and_variants() {
  std::vector<std::pair<std::string, AnyRecommenderConfig>> all;
  for (const std::string& name : trainable_models()) {
    std::vector<std::string> variants = {""};
    small_model(name)->describe([&](const nn::Option& option, const nn::Field&) {
      if (option.name == "variant") variants = option.choices;
    });
    for (const std::string& variant : variants) {
      AnyRecommenderConfig config = small_model(name);
      config->describe([&](const nn::Option& option, const nn::Field& field) {
        if (option.name == "variant") *std::get<std::string*>(field) = variant;
      });
      all.emplace_back(name + " " + variant, config);
    }
  }
  return all;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  return at == text.npos ? text : text.replace(at, from.size(), to);
}

// Our name of a transformer's parameter, from RecBole's; the ends of the names of query, key and value stay.
std::string our_name(std::string name) {
  for (const auto& [theirs, ours] : std::vector<std::pair<std::string, std::string>>{
           {"trm_encoder.layer.", "layers."},
           {"multi_head_attention.dense.", "self_attn.out_proj."},
           {"multi_head_attention.LayerNorm.", "norm1."},
           {"feed_forward.dense_1.", "linear1."},
           {"feed_forward.dense_2.", "linear2."},
           {"feed_forward.LayerNorm.", "norm2."},
           {"LayerNorm.", "norm."}})
    name = replaced(name, theirs, ours);
  return name;
}

// Renames the weights and gradients of a fixture from RecBole's names to ours; q, k and v become one matrix.
// The fixture has no gradient of the keys' biases, because it is zero; it is added.
nn::TensorFile with_our_names(const nn::TensorFile& file) {
  nn::TensorFile result;
  result.path = file.path;
  result.metadata = file.metadata;
  for (const auto& [name, tensor] : file.tensors) {
    const std::string query = "multi_head_attention.query.", ours = our_name(name);
    if (name.find("multi_head_attention.key.") != name.npos ||
        name.find("multi_head_attention.value.") != name.npos)
      continue;
    if (name.find(query) == name.npos) {
      result.tensors.emplace_back(ours, tensor);
      continue;
    }
    const Tensor* key = file.find(replaced(name, "query", "key"));
    const Tensor value = file.at(replaced(name, "query", "value"));
    const Tensor joined = ag::concat({tensor, key ? *key : ag::zeros_like(tensor), value}, 0);
    result.tensors.emplace_back(replaced(ours, query, "self_attn.in_proj_"), joined);
  }
  return result;
}

// Checks loss, gradients and ten steps of Adam, on the fixture's batch.
void check_model(const testing::Parity& parity, models::TrainableRecommender& model,
                 const nn::TensorFile& file, const models::LossConfig& loss = {}) {
  model.load(below(file, "weight."), file.path);
  model.move_to(testing::device());
  models::SequenceBatch batch{packed_input(file), file.at("input.targets"), {}, {}, {}};
  if (const Tensor* negatives = file.find("input.negatives")) batch.negatives = *negatives;
  if (const Tensor* rows = file.find("input.rows")) batch.rows = *rows;
  nn::Adam adam(model.named_parameters(), {.lr = 1e-2, .decoupled = false});
  check_training(parity, file, "", model.named_parameters(), adam, 0,
                 [&] { return model.loss(batch, loss); });
}

void check_outputs(const testing::Parity& parity, models::TrainableRecommender& model,
                   const nn::TensorFile& file) {
  model.load(below(file, "weight."), file.path);
  model.move_to(testing::device());
  const Tensor h = model.states(packed_input(file));
  parity.check("states", h, file.at("output.hidden"), tolerance::kModelForward);
  if (const Tensor* logits = file.find("output.logits"))
    parity.check("logits", ag::matmul(h, model.output_embeddings(), false, true), *logits,
                 tolerance::kModelForward);
}

std::vector<int32_t> ints_of(const Tensor& x) { return {x.ints(), x.ints() + x.numel()}; }

}  // namespace

TEST_CASE("SASRec equals PyTorch's TransformerEncoder, with cross-entropy and with BCE") {
  for (const std::string loss : {"ce", "bce"}) {
    CAPTURE(loss);
    const nn::TensorFile file = testing::fixture("sasrec_" + loss + ".safetensors");
    const testing::Parity parity(loss == "ce" ? "SASRec, cross-entropy, Adam" : "SASRec, BCE, Adam", file);
    models::LossConfig loss_config;
    if (loss == "bce") loss_config = {models::RecommenderLoss::BCE, 2};
    models::Sasrec model(small_config<SasrecConfig>(23, 8, 16), 1);
    check_outputs(parity, model, file);
    check_model(parity, model, file, loss_config);
  }
}

TEST_CASE("SASRec's variant of RecBole equals RecBole, and so does S3-Rec's with given positions") {
  const nn::TensorFile file = with_our_names(testing::fixture("sasrec_recbole.safetensors"));
  const testing::Parity parity("SASRec as RecBole has it, Adam", file);
  for (const auto variant : {SasrecConfig::Variant::Recbole, SasrecConfig::Variant::S3rec}) {
    models::Sasrec model(small_sasrec(variant, 24, 8, 16), 1);
    check_outputs(parity, model, file);
    check_model(parity, model, file);
  }
}

TEST_CASE("SASRec's original form equals a padded one of torch.nn's modules") {
  const nn::TensorFile file = testing::fixture("sasrec_original.safetensors");
  const testing::Parity parity("SASRec as its authors have it, Adam", file);
  SasrecConfig config = small_sasrec(SasrecConfig::Variant::Original, 13);
  config.blocks = 1;
  models::Sasrec model(config, 1);
  check_outputs(parity, model, file);
  check_model(parity, model, file, {models::RecommenderLoss::BCE, 1});
}

TEST_CASE("GRU4Rec equals RecBole") {
  const nn::TensorFile file = testing::fixture("gru4rec.safetensors");
  const testing::Parity parity("GRU4Rec, Adam", file);
  auto config = small_config<Gru4recConfig>(13, 6, 6);
  config.gru_hidden = 8;
  models::Gru4rec model(config, 1);
  check_outputs(parity, model, file);
  check_model(parity, model, file);
}

TEST_CASE("NARM equals RecBole, at every position of a window") {
  const nn::TensorFile file = testing::fixture("narm.safetensors");
  const testing::Parity parity("NARM, Adam", file);
  auto config = small_config<models::NarmConfig>(13, 6, 6);
  config.gru_hidden = 8;
  models::Narm model(config, 1);
  check_outputs(parity, model, file);
  check_model(parity, model, file);
}

TEST_CASE("BERT4Rec equals RecBole") {
  const nn::TensorFile file = with_our_names(testing::fixture("bert4rec.safetensors"));
  const testing::Parity parity("BERT4Rec, Adam", file);
  auto config = small_config<Bert4recConfig>(13, 6, 8);
  config.inner = 12;
  config.blocks = 1;
  models::Bert4rec model(config, 1);
  check_model(parity, model, file);
  // RecBole does not return the states before the head. It scores a user by the state at the last position.
  model.load(below(file, "weight."), file.path);
  const nn::Packed x = packed_input(file);
  const std::vector<int32_t> rows = ints_of(file.at("input.rows")), last = ints_of(x.offsets.last_rows());
  const Tensor logits = model.scores(x);
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto b = std::ranges::find(last, rows[i]) - last.begin();
    if (b == std::ssize(last)) continue;
    const auto row = static_cast<int64_t>(i);
    parity.check("logits", logits.rows(b, b + 1), file.at("output.logits").rows(row, row + 1),
                 tolerance::kModelForward);
  }
}

TEST_CASE("every loss equals PyTorch, over the whole table and over the rows that it needs") {
  const nn::TensorFile file = testing::fixture("recommender_losses.safetensors");
  const testing::Parity parity("losses of recommenders", file);
  using enum models::RecommenderLoss;
  const std::map<std::string, models::RecommenderLoss> losses = {
      {"softmax", CrossEntropy}, {"bce", BCE}, {"gbce", GBCE}, {"sampled_softmax", SampledSoftmax}};
  for (const auto& [name, kind] : losses) {
    const auto& shown = name;
    CAPTURE(shown);
    Tensor h = file.at("h").clone().to(testing::device()),
           table = file.at("table").clone().to(testing::device());
    h.set_requires_grad();
    table.set_requires_grad();
    const Tensor loss = models::recommender_loss({kind, 3, 0.75}, table.dim(0), h, table, file.at("targets"),
                                                 file.at("negatives"));
    parity.check("result", loss.view({1}), file.at(name + ".loss"), tolerance::kOpForward, name);
    ag::backward(loss);
    parity.check("gradients", h.grad(), file.at(name + ".dh"), tolerance::kOpGradient, name + ".dh");
    parity.check("gradients", table.grad(), file.at(name + ".dtable"), tolerance::kOpGradient,
                 name + ".dtable");
  }
}

TEST_CASE("with all other items as negatives, sampled softmax is cross-entropy and gBCE with t = 0 is BCE") {
  const nn::TensorFile file = testing::fixture("recommender_losses.safetensors");
  const Tensor &h = file.at("h"), &table = file.at("table"), &targets = file.at("targets");
  const int64_t V = table.dim(0), M = targets.numel();
  std::vector<int32_t> others;
  for (int64_t i = 0; i < M; ++i) {
    for (int32_t v = 0; v < V; ++v) {
      if (v != targets.ints()[i]) others.push_back(v);
    }
  }
  const Tensor negatives = Tensor::from_ints({M, V - 1}, others);
  const auto loss = [&](const models::LossConfig& config) {
    return models::recommender_loss(config, V, h, table, targets, negatives).view({1});
  };
  using enum models::RecommenderLoss;
  check_close(loss({SampledSoftmax, V - 1}), loss({CrossEntropy, 1}), tolerance::kFused, "sampled softmax");
  check_close(loss({GBCE, V - 1, 0}), loss({BCE, V - 1}), tolerance::kFused, "gBCE");
  CHECK(models::gbce_beta(256, 3417, 0) == doctest::Approx(1));
  CHECK(models::gbce_beta(256, 3417, 1) == doctest::Approx(256.0 / 3416));
  CHECK_THROWS_AS(models::recommender_loss({BCE, 1}, V, h, table, targets, {}), ag::Error);
}

TEST_CASE("SASRec packs histories right-aligned or from zero, and keeps their last items") {
  using enum SasrecConfig::Variant;
  const auto packed = [](SasrecConfig::Variant variant) {
    return models::Sasrec(small_sasrec(variant, 9, 4), 1).pack({{1, 2}, {0, 1, 2, 3, 4, 5}});
  };
  CHECK(ints_of(packed(Prenorm).ids) == std::vector<int32_t>{1, 2, 2, 3, 4, 5});
  CHECK(ints_of(packed(Prenorm).positions) == std::vector<int32_t>{2, 3, 0, 1, 2, 3});
  CHECK(ints_of(packed(Recbole).positions) == std::vector<int32_t>{0, 1, 0, 1, 2, 3});
  CHECK(ints_of(packed(S3rec).positions) == ints_of(packed(Prenorm).positions));
}

TEST_CASE("causal models predict the next item at every position") {
  for (const std::string& name : trainable_models()) {
    CAPTURE(name);
    const AnyRecommenderConfig config = small_model(name, 4);
    CHECK(config->is_causal() == (name != "bert4rec"));
    if (!config->is_causal()) continue;
    const auto model = trainable(*config);
    const models::SequenceBatch batch = model->training_batch({{1, 2, 3, 4, 5}, {7, 8}}, {});
    CHECK(ints_of(batch.input.ids) == std::vector<int32_t>{1, 2, 3, 4, 7});
    CHECK(ints_of(batch.targets) == std::vector<int32_t>{2, 3, 4, 5, 8});
    CHECK_FALSE(batch.rows.defined());
    CHECK_THROWS_AS(model->training_batch({{1}}, {}), ag::Error);
  }
}

TEST_CASE(
    "BERT4Rec masks a share of the items, at least one of a sequence, and in half of the steps the last "
    "one") {
  auto config = small_config<Bert4recConfig>(50, 20, 8);
  config.mask_ratio = 0.3;
  constexpr int32_t kMask = 50;
  models::Histories windows;
  for (int32_t length = 1; length <= 20; ++length) {
    windows.emplace_back();
    for (int32_t i = 0; i < length; ++i) windows.back().push_back((7 * length + i) % 50);
  }
  std::vector<int32_t> all;
  for (const auto& window : windows) all.insert(all.end(), window.begin(), window.end());
  for (const auto variant : {Bert4recConfig::Variant::Recbole, Bert4recConfig::Variant::Plain}) {
    config.variant = variant;
    const models::Bert4rec model(config, 1);
    int last_only = 0;
    double masked = 0, steps = 0;
    for (uint32_t step = 0; step < 400; ++step) {
      const models::SequenceBatch batch = model.training_batch(windows, {1, step, 5});
      const std::vector<int32_t> ids = ints_of(batch.input.ids), rows = ints_of(batch.rows);
      REQUIRE(ids.size() == all.size());
      // The targets are exactly the masked items.
      std::vector<int32_t> restored = ids;
      for (size_t i = 0; i < rows.size(); ++i) {
        CHECK(ids[static_cast<size_t>(rows[i])] == kMask);
        restored[static_cast<size_t>(rows[i])] = batch.targets.ints()[i];
      }
      CHECK(restored == all);
      CHECK(std::ranges::count(ids, kMask) == std::ssize(rows));
      for (int64_t b = 0; b < batch.input.offsets.sequences(); ++b) {
        const auto begin = ids.begin() + batch.input.offsets.at(b),
                   end = ids.begin() + batch.input.offsets.at(b + 1);
        CHECK(std::count(begin, end, kMask) >= 1);
      }
      if (rows == ints_of(batch.input.offsets.last_rows())) {
        ++last_only;
      } else {
        masked += static_cast<double>(rows.size());
        ++steps;
      }
    }
    if (variant == Bert4recConfig::Variant::Plain) {
      CHECK(last_only == 0);
    } else {
      CHECK(last_only > 150);
      CHECK(last_only < 250);
    }
    // Slightly more than the ratio, because a short sequence also has at least one mask.
    CHECK(masked / steps / static_cast<double>(all.size()) > 0.29);
    CHECK(masked / steps / static_cast<double>(all.size()) < 0.36);
  }
}

TEST_CASE("BERT4Rec predicts the item after the history") {
  const models::Bert4rec model(small_config<Bert4recConfig>(9, 4, 8), 1);
  const nn::Packed x = model.pack({{1, 2}, {0, 1, 2, 3, 4, 5}, {}});
  CHECK(ints_of(x.ids) == std::vector<int32_t>{1, 2, 9, 3, 4, 5, 9, 9});
  CHECK(ints_of(x.positions) == std::vector<int32_t>{0, 1, 2, 0, 1, 2, 3, 0});
  CHECK(model.scores(x).shape() == ag::Shape{3, 9});
}

TEST_CASE("no recommender sees the items to predict") {
  // States before an item do not depend on it. BERT4Rec's do not depend on
  // masked items, as its batch test shows.
  for (const auto& [name, config] : small_models_and_variants()) {
    const auto& shown = name;
    CAPTURE(shown);
    if (!config->is_causal()) continue;
    const auto model = trainable(*config);
    const Tensor a = model->states(model->pack({{1, 2, 3, 4}, {5, 6}})),
                 b = model->states(model->pack({{1, 2, 3, 8}, {5, 6}}));
    for (int64_t row : {0, 1, 2, 4, 5}) CHECK(a.rows(row, row + 1).values() == b.rows(row, row + 1).values());
    CHECK(a.rows(3, 4).values() != b.rows(3, 4).values());
  }
}

TEST_CASE("a user's state is the last of the states, also if the others are not computed") {
  for (const auto& [name, config] : small_models_and_variants()) {
    const auto& shown = name;
    CAPTURE(shown);
    if (name == "bert4rec recbole") continue;  // it has a head after the states
    const auto model = trainable(*config);
    const nn::Packed x = model->pack({{1, 2, 3, 4}, {5}, {6, 7, 8, 0, 1, 2, 3}});
    check_close(model->user_states(x), ag::embedding(model->states(x), x.offsets.last_rows()),
                tolerance::kFused, "user_states");
  }
}

TEST_CASE("given item vectors: as initial values, frozen under an adapter, and with a table") {
  using models::ItemsUse;
  const Tensor vectors = Tensor::full({9, 6}, 0.5);
  for (const std::string& name : trainable_models()) {
    for (const ItemsUse use : {ItemsUse::Init, ItemsUse::Frozen, ItemsUse::Concat}) {
      CAPTURE(name);
      CAPTURE(static_cast<int>(use));
      AnyRecommenderConfig config = small_model(name);
      config->use = use;
      config->features = 6;
      const auto model = trainable(*config);
      if (use == ItemsUse::Init) {
        CHECK_THROWS_AS(model->input_embeddings().set(vectors), ag::InputError);  // (9,8) is its table
        model->input_embeddings().set(Tensor::full({9, 8}, 0.25));
      } else {
        model->input_embeddings().set(vectors);
      }
      const int64_t rows = name == "bert4rec" ? 10 : 9;
      CHECK(model->input_embeddings().table().shape() == ag::Shape{rows, 8});
      const Tensor ids = Tensor::from_ints({0, 8, 3});
      check_close(model->input_embeddings()(ids), ag::embedding(model->input_embeddings().table(), ids),
                  tolerance::kFused, "rows");
      CHECK(model->input_embeddings().trainable_table().defined() == (use == ItemsUse::Init));

      // The given vectors are not trained, all other parameters are.
      ag::backward(model->loss(model->training_batch({{1, 2, 3, 4}, {5, 6, 7}}, {}), {}));
      for (const auto& [parameter, w] : model->named_parameters()) {
        const auto& shown = parameter;
        CAPTURE(shown);
        CHECK(w.grad().defined() == (parameter != "item_embedding.features"));
      }
      const Tensor scores = model->scores(model->pack({{1, 2, 3}}));
      CHECK(scores.shape() == ag::Shape{1, 9});

      // Loading its parameters gives the same model.
      const auto again = trainable(*config, 2);
      again->load(model->named_parameters(), "memory");
      CHECK(again->scores(again->pack({{1, 2, 3}})).values() == scores.values());
    }
  }
}

TEST_CASE("the adapter of given vectors is its two layers one after the other, also in its gradients") {
  models::ItemEmbedding items({9, 0, 4, models::ItemsUse::Frozen, 6});
  std::vector<Tensor> layers;  // W0, b0, W1, b1
  for (const auto& [name, w] : items.named_parameters()) {
    if (name == "features") continue;
    Tensor values = testing::random_tensor(w.shape(), static_cast<uint32_t>(layers.size()));
    Tensor(w).copy_from(values);
    layers.push_back(values.set_requires_grad());
  }
  REQUIRE(layers.size() == 4);
  const Tensor features = testing::random_tensor({9, 6}, 50);
  items.set(features);
  const Tensor expected = ag::linear(ag::linear(features, layers[0], layers[1]), layers[2], layers[3]);
  check_close(items.table(), expected, tolerance::kFused, "table");
  const Tensor direction = testing::random_tensor({9, 4}, 99);
  ag::backward(expected, direction);
  ag::backward(items.table(), direction);
  size_t i = 0;
  for (const auto& [name, w] : items.named_parameters()) {
    if (name != "features") check_close(w.grad(), layers[i++].grad(), tolerance::kFused, name);
  }
}

TEST_CASE("untied output embeddings: the input's table is not used for scores") {
  auto config = small_config<SasrecConfig>(9, 6, 8);
  config.tie_embeddings = false;
  const models::Sasrec model(config, 1);
  models::SequenceBatch batch = model.training_batch({{1, 2, 3}}, {});
  batch.negatives = Tensor::from_ints({2, 2}, {7, 8, 7, 8});
  ag::backward(model.loss(batch, {models::RecommenderLoss::GBCE, 2}));
  const auto rows_with_gradient = [&](const std::string& of) {
    std::vector<int> rows;
    for (const auto& [name, w] : model.named_parameters()) {
      if (name != of) continue;
      for (int64_t i = 0; i < 9; ++i) {
        const std::vector<ag::real> row = w.grad().rows(i, i + 1).values();
        if (std::ranges::any_of(row, [](ag::real x) { return x != 0; })) rows.push_back(static_cast<int>(i));
      }
    }
    return rows;
  };
  CHECK(rows_with_gradient("item_embedding.weight") == std::vector<int>{1, 2});
  CHECK(rows_with_gradient("output_embedding.weight") == std::vector<int>{2, 3, 7, 8});
  CHECK(model.output_embeddings().shape() == ag::Shape{9, 8});
}

TEST_CASE("contradicting values are refused by the names of their fields") {
  const auto refused = [](const models::RecommenderModelConfig& config, const char* expected) {
    CHECK_THROWS_WITH_AS(config.make(1), doctest::Contains(expected), ag::InputError);
  };
  auto sasrec = small_config<SasrecConfig>(9, 6, 8);
  sasrec.heads = 3;
  refused(sasrec, "heads: found 3; expected a divisor of hidden, 8");
  sasrec.heads = 1;
  sasrec.blocks = 0;
  refused(sasrec, "blocks: found 0");
  auto gru4rec = small_config<Gru4recConfig>(9, 6, 1);
  gru4rec.use = models::ItemsUse::Concat;
  gru4rec.features = 6;
  refused(gru4rec, "hidden: found 1; expected at least 2");
  auto bert4rec = small_config<Bert4recConfig>(9, 1, 8);
  refused(bert4rec, "max_length: found 1; expected at least 2");
  bert4rec.max_length = 6;
  bert4rec.tie_embeddings = false;
  refused(bert4rec, "tie_embeddings: found false");
}

TEST_CASE("the registry makes every recommender; an unknown name is an error that lists the known ones") {
  for (const std::string& name : models::recommender_names()) {
    AnyRecommenderConfig config = models::default_recommender_config(name);
    config->items = 9;
    const auto model = config->make(1);
    CHECK(model->scores(model->pack({{1, 2}, {3}})).shape() == ag::Shape{2, 9});
  }
  CHECK_THROWS_WITH_AS(models::default_recommender_config("sasrek"),
                       doctest::Contains("found 'sasrek'; expected one of sasrec, gru4rec"), ag::InputError);
}

TEST_CASE("an architecture names the sizes and all that tells the variants apart") {
  using models::ItemsUse;
  const auto text = [](const models::RecommenderModelConfig& config) {
    return models::architecture_text(config);
  };
  const std::string sasrec =
      R"({"model":"sasrec","items":9,"max_length":6,"hidden":8,"tied":true,"causal":true,"use":"start",)"
      R"("blocks":2,"heads":2,"inner":8,)";
  CHECK(text(small_sasrec(SasrecConfig::Variant::Prenorm)) ==
        sasrec + R"("norm":"before","activation":"relu","eps":1e-05,"item_scale":1.0,)"
                 R"("positions":"right_aligned","outer_norm":"output"})");
  CHECK(text(small_sasrec(SasrecConfig::Variant::Original, 9, 6, 16)) ==
        R"({"model":"sasrec","items":9,"max_length":6,"hidden":16,"tied":true,"causal":true,"use":"start",)"
        R"("blocks":2,"heads":2,"inner":16,"norm":"query","activation":"relu","eps":1e-08,"item_scale":4.0,)"
        R"("positions":"right_aligned","outer_norm":"output"})");
  const std::string post_norm = R"("norm":"after","activation":"gelu","eps":1e-12,"item_scale":1.0,)";
  CHECK(text(small_sasrec(SasrecConfig::Variant::Recbole)) ==
        sasrec + post_norm + R"("positions":"from_zero","outer_norm":"input"})");
  CHECK(text(small_sasrec(SasrecConfig::Variant::S3rec)) ==
        sasrec + post_norm + R"("positions":"right_aligned","outer_norm":"input"})");

  auto bert4rec = small_config<Bert4recConfig>(9, 6, 8);
  const std::string both_ways =
      R"({"model":"bert4rec","items":9,"max_length":6,"hidden":8,"tied":true,"causal":false,"use":"start",)"
      R"("blocks":2,"heads":2,"inner":8,)" +
      post_norm + R"("positions":"from_zero","outer_norm":"input","head":)";
  CHECK(text(bert4rec) == both_ways + "true}");
  bert4rec.variant = Bert4recConfig::Variant::Plain;
  CHECK(text(bert4rec) == both_ways + "false}");

  auto gru4rec = small_config<Gru4recConfig>(9, 6, 8);
  gru4rec.gru_hidden = 10;
  gru4rec.tie_embeddings = false;
  gru4rec.use = ItemsUse::Concat;
  gru4rec.features = 5;
  CHECK(text(gru4rec) ==
        R"({"model":"gru4rec","items":9,"max_length":6,"hidden":8,"tied":false,"causal":true,"use":"concat",)"
        R"("features":5,"gru_hidden":10})");
  auto narm = small_config<models::NarmConfig>(9, 6, 8);
  narm.use = ItemsUse::Frozen;
  narm.features = 5;
  narm.gru_hidden = 10;
  CHECK(text(narm) ==
        R"({"model":"narm","items":9,"max_length":6,"hidden":8,"tied":true,"causal":true,"use":"frozen",)"
        R"("features":5,"gru_hidden":10})");
  CHECK(text(models::Popularity({3, 1, 2}).config()) == R"({"model":"popularity","items":3})");
}

TEST_CASE("copies of any model's configuration are independent") {
  AnyRecommenderConfig config = small_model("gru4rec");
  const AnyRecommenderConfig copy = config;
  config->hidden = 77;
  CHECK(copy->hidden == 8);
  REQUIRE(copy.as<Gru4recConfig>());
  CHECK(copy.as<Gru4recConfig>()->gru_hidden == 10);
  CHECK(copy.as<SasrecConfig>() == nullptr);
}

TEST_CASE("dropout changes training, not evaluation, and is drawn again from the same key") {
  for (const std::string& name : trainable_models()) {
    CAPTURE(name);
    AnyRecommenderConfig config = small_model(name);
    config->dropout = 0.5;
    const auto model = trainable(*config);
    nn::Packed x = model->pack({{1, 2, 3, 4}, {5, 6}});
    const Tensor off = model->states(x);
    x.dropout = {7, 3, true};
    const Tensor on = model->states(x), again = model->states(x);
    CHECK(on.values() == again.values());
    CHECK(on.values() != off.values());
    x.dropout.step = 4;
    CHECK(model->states(x).values() != on.values());
  }
}
