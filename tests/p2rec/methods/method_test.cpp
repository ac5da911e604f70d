// Each step of the method, on data with a known answer.
#include <numeric>
#include <set>

#include "models/recommenders/popularity.h"
#include "models/tokenizers/byte_tokenizer.h"
#include "nn/init.h"
#include "p2rec/llm/finetune.h"
#include "p2rec/methods/p2rec/item_augmentation.h"
#include "p2rec/methods/p2rec/p2rec.h"
#include "p2rec/training/train_recommender.h"
#include "tests/models/llama/small_shapes.h"
#include "tests/testing.h"

using ag::Tensor;
using p2rec::Interactions;
using p2rec::Prompts;
using p2rec::Target;
using testing::check_close;
namespace tolerance = testing::tolerance;

namespace {

Interactions data_of(const std::vector<std::vector<int32_t>>& sequences, int32_t items) {
  Interactions data;
  data.sequences = sequences;
  for (size_t u = 0; u < sequences.size(); ++u) data.user_ids.push_back(std::to_string(u));
  for (int32_t i = 0; i < items; ++i) data.item_ids.push_back(std::to_string(i));
  data.source = "test";
  return data;
}

Tensor random_rows(int64_t rows, int64_t columns, uint32_t stream) {
  Tensor x = Tensor::empty({rows, columns});
  nn::normal_(x, 1, {5, 0, stream});
  return x;
}

// The covariance of the columns of a matrix, whose columns have mean zero.
Tensor covariance(const Tensor& x) {
  return ag::scale(ag::matmul(x, x, true, false), 1 / static_cast<double>(x.dim(0)));
}

std::vector<ag::real> row_of(const Tensor& x, int64_t row) { return x.rows(row, row + 1).values(); }

}  // namespace

TEST_CASE("training windows: every item but the first is a target once, after as many items as fit") {
  for (int32_t length = 1; length <= 12; ++length) {
    CAPTURE(length);
    std::vector<int32_t> items(static_cast<size_t>(length) + 2);  // two more are held out
    std::iota(items.begin(), items.end(), 0);
    std::vector<int> times(static_cast<size_t>(length));
    for (const p2rec::Window& w : p2rec::training_windows(data_of({items}, length + 2), 4)) {
      CHECK(w.length >= 2);
      CHECK(w.length <= 4);
      for (int64_t i = w.begin + 1; i < w.begin + w.length; ++i) ++times.at(static_cast<size_t>(i));
    }
    CHECK(times[0] == 0);
    for (size_t i = 1; i < times.size(); ++i) CHECK(times[i] == 1);
  }
}

TEST_CASE("training learns the next item") {
  constexpr int32_t kItems = 7;
  std::vector<std::vector<int32_t>> walks;  // every user walks in circles through the catalogue
  for (int32_t u = 0; u < 28; ++u) {
    std::vector<int32_t>& walk = walks.emplace_back();
    for (int32_t t = 0; t < 9; ++t) walk.push_back((u + t) % kItems);
  }
  p2rec::RecommenderConfig config;
  models::SasrecConfig sasrec;
  sasrec.max_length = 6;
  sasrec.hidden = sasrec.inner = 8;
  sasrec.blocks = 1;
  sasrec.heads = 1;
  sasrec.dropout = 0;
  config.model = sasrec;
  config.lr = 2e-2;
  config.batch = 14;
  config.max_epochs = 40;
  config.patience = 0;
  const p2rec::Recommender trained = p2rec::train_from({}, data_of(walks, kItems), config);
  CHECK(trained.epochs == 40);
  std::vector<std::vector<int32_t>> histories;
  for (int32_t i = 0; i < kItems; ++i) {
    std::vector<int32_t>& history = histories.emplace_back();
    for (int32_t t = 5; t >= 0; --t) history.push_back((i + kItems - t) % kItems);
  }
  const Tensor scores = trained.model->scores(trained.model->pack(histories));
  for (int32_t i = 0; i < kItems; ++i) {
    const std::vector<ag::real> row = row_of(scores, i);
    CHECK(p2rec::top_items(row, 1, {}) == std::vector<int32_t>{(i + 1) % kItems});
  }
}

TEST_CASE("evaluation removes the user's earlier items, and for test the validation item") {
  const Interactions data = data_of({{0, 1, 2, 4}, {3, 3}, {4, 3, 2}}, 5);
  const models::Popularity model({50, 40, 30, 20, 10});
  // Validation: 2 after {0, 1} and 3 after {4}; test: 4 after {0, 1, 2} and 2 after {4, 3}.
  CHECK(p2rec::target_ranks(model, data, Target::Validation) == std::vector<int64_t>{0, 3});
  CHECK(p2rec::target_ranks(model, data, Target::Test) == std::vector<int64_t>{1, 2});
}

TEST_CASE("prompts: words around the last items, item tokens after the vocabulary") {
  const Interactions data = data_of({{0, 1, 2}}, 12);
  const models::ByteTokenizer tokenizer;
  const std::vector<int32_t> items = {3, 11, 7};
  const Prompts ids(data, tokenizer, {p2rec::ItemsAs::Ids, 2}, tokenizer.vocabulary());
  CHECK(tokenizer.decode(ids.of(items)) == "User history: 11, 7\nPreference:");
  CHECK(tokenizer.decode(ids.beginning()) + tokenizer.decode(ids.virtual_user(11)) ==
        "User history: 11\nPreference:");

  Interactions titled = data;
  titled.titles.resize(12);
  titled.titles[11] = "A title";  // item 7 has none
  const auto text = [&](const std::string& name) {
    p2rec::PromptConfig config{.history = 2};
    describe(config, [&](const nn::Option& option, nn::Field field) {
      if (option.name == "items-as") *std::get<std::string*>(field) = name;
    });
    return tokenizer.decode(Prompts(titled, tokenizer, config, tokenizer.vocabulary()).of(items));
  };
  CHECK(text("ids") == "User history: 11, 7\nPreference:");
  CHECK(text("titles") == "User history: A title; 7\nPreference:");
  CHECK(text("ids+titles") == "User history: 11 A title; 7\nPreference:");
  CHECK_THROWS_WITH_AS(Prompts(data, tokenizer, {p2rec::ItemsAs::Titles, 2}, 257),
                       doctest::Contains("items-as: found titles, but test has no titles"), ag::InputError);

  const int32_t vocabulary = 300;  // rows of the model's token table, some of them without a token
  const Prompts tokens(data, tokenizer, {p2rec::ItemsAs::Tokens, 2}, vocabulary);
  std::vector<int32_t> expected = tokens.beginning();
  const std::vector<int32_t> end = tokenizer.encode("\nPreference:");
  expected.insert(expected.end(), {vocabulary + 11, vocabulary + 7});
  expected.insert(expected.end(), end.begin(), end.end());
  CHECK(tokens.of(items) == expected);
  CHECK(tokens.items() == 12);
  CHECK_THROWS_WITH_AS(
      Prompts(data, tokenizer, {p2rec::ItemsAs::Tokens, 2}, 50),
      doctest::Contains("'User history:' has the token 85, but the model's token table has 50"),
      ag::InputError);
  CHECK(prompt_text(expected, tokenizer, data, vocabulary) == "User history:<i11><i7>\nPreference:");
  CHECK(prompt_text(ids.of(items), tokenizer, data, vocabulary) == "User history: 11, 7\nPreference:");
}

TEST_CASE("a prompt is between the tokens that the tokenizer puts around a text") {
  class Framed : public models::ByteTokenizer {
   public:
    Framed() { special_ = {{1, 2}, {3}, {}}; }
  };
  Framed tokenizer;
  const Interactions data = data_of({{0, 1}}, 2);
  const models::ByteTokenizer bare;
  const auto prompt = [&](const models::Tokenizer& t) {
    return Prompts(data, t, {p2rec::ItemsAs::Ids, 2}, 257).of(std::vector<int32_t>{1, 0});
  };
  std::vector<int32_t> expected = prompt(bare);
  expected.insert(expected.begin(), {1, 2});
  expected.push_back(3);
  CHECK(prompt(tokenizer) == expected);
  tokenizer.add_no_special_tokens();
  CHECK(prompt(tokenizer) == prompt(bare));
}

TEST_CASE("augmentation gives each item the state of its complete prompt") {
  constexpr int32_t kItems = 200;  // of 13 tokens each, so three batches
  const models::ByteTokenizer tokenizer;
  const Prompts prompts(data_of({{0, 1, 2}}, kItems), tokenizer, {p2rec::ItemsAs::Tokens, 4},
                        tokenizer.vocabulary());
  models::Llama model(testing::byte_config(2));
  models::initialise(model, 0.3, 1);
  const p2rec::ItemReader reader{model, p2rec::initial_item_tokens(model, kItems, 1)};
  const Tensor found = p2rec::augment_items(reader, prompts);
  std::vector<std::vector<int32_t>> whole;
  for (int32_t i = 0; i < kItems; ++i) whole.push_back(prompts.of(std::vector<int32_t>{i}));
  const ag::NoGrad no_grad;
  check_close(found, p2rec::prompt_states(reader, nn::pack(whole)), tolerance::kFused,
              "states of virtual users");
  CHECK(row_of(found, 0) != row_of(found, p2rec::kTokensEmbeddedTogether / 13));
  model.requires_grad(false);  // only frozen matrices are rounded
  nn::store_in_bf16(model);
  check_close(p2rec::augment_items(reader, prompts), found, tolerance::kBf16Model, "states in BF16");
}

TEST_CASE("items are embedded together up to a number of tokens") {
  const std::vector<size_t> lengths = {600, 424, 1, 1023, 1500, 10};
  const auto prompt_of = [&](int64_t item) {
    return std::vector<int32_t>(lengths[static_cast<size_t>(item)]);
  };
  CHECK(p2rec::embedding_batches(6, prompt_of) == std::vector<int64_t>{0, 2, 4, 5, 6});
}

TEST_CASE("new item tokens are as large as the model's own") {
  models::LlamaConfig config;
  config.vocabulary = 300;
  config.hidden = 16;
  config.intermediate = config.layers = config.heads = config.kv_heads = 1;
  models::Llama model(config);
  models::initialise(model, 0.3, 1);
  const Tensor tokens = p2rec::initial_item_tokens(model, 500, 1);
  CHECK(tokens.shape() == ag::Shape{500, 16});
  CHECK(std::sqrt(ag::mean(ag::mul(tokens, tokens)).item()) == doctest::Approx(0.3).epsilon(0.05));
}

TEST_CASE("a tenth of the users is held out") {
  int held_out = 0;
  for (int user = 0; user < 5000; ++user) held_out += p2rec::held_out(std::to_string(user));
  CHECK(held_out > 400);
  CHECK(held_out < 600);
}

TEST_CASE(
    "principal components: centred, uncorrelated, the largest first, and all of them keep all distances") {
  Tensor rows = random_rows(40, 5, 1);
  for (int64_t i = 0; i < 40; ++i) rows.data()[i * 5 + 2] = 7 + 3 * rows.data()[i * 5 + 2];
  const Tensor all = p2rec::principal_components(rows, 5), two = p2rec::principal_components(rows, 2);
  check_close(ag::sum_rows(all), Tensor::zeros({5}), {0, 1e-4}, "sums of the columns");
  const Tensor c = covariance(all);
  for (int64_t i = 0; i < 5; ++i) {
    for (int64_t j = 0; j < 5; ++j) {
      if (i != j) CHECK(std::abs(c.data()[i * 5 + j]) < 1e-4);
    }
    if (i > 0) CHECK(c.data()[i * 5 + i] < c.data()[(i - 1) * 5 + i - 1]);
    CHECK(all.data()[i * 5] == doctest::Approx(two.data()[i * 2]));
  }
  const auto distance = [](const Tensor& x, int64_t i, int64_t j) {
    double squares = 0;
    for (int64_t k = 0; k < x.dim(1); ++k)
      squares += std::pow(x.data()[i * x.dim(1) + k] - x.data()[j * x.dim(1) + k], 2);
    return std::sqrt(squares);
  };
  for (int64_t i = 1; i < 40; ++i)
    CHECK(distance(all, 0, i) == doctest::Approx(distance(rows, 0, i)).epsilon(1e-5));
  // The loadings, which are the same for mirrored rows, determine the sign.
  check_close(p2rec::principal_components(ag::scale(rows, -1), 2), ag::scale(two, -1), tolerance::kFused,
              "mirrored");
}
