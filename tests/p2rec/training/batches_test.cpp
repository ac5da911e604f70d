// Training batches of a recommender: windows, their order, negatives, and
// sparse steps on the rows that they need.
#include "p2rec/training/batches.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "nn/optim.h"
#include "p2rec/data/synthetic.h"
#include "p2rec/training/train_recommender.h"
#include "tests/autograd/threads.h"
#include "tests/models/recommenders/small_recommenders.h"

using namespace p2rec;
using ag::Tensor;

namespace {

Interactions some_data() {
  return make_synthetic({.users = 120, .items = 60, .groups = 4, .mean_length = 14, .seed = 3});
}

Interactions of_lengths(const std::vector<int32_t>& lengths) {
  Interactions data;
  for (int32_t i = 0; i < 100; ++i) data.item_ids.push_back(std::to_string(i));
  for (const int32_t length : lengths) {
    data.user_ids.push_back(std::to_string(data.user_ids.size()));
    data.sequences.emplace_back();
    for (int32_t i = 0; i < length; ++i) data.sequences.back().push_back(i);
  }
  return data;
}

std::vector<std::vector<int64_t>> spans(const std::vector<Window>& windows) {
  std::vector<std::vector<int64_t>> result;
  for (const Window& w : windows) result.push_back({w.user, w.begin, w.length});
  return result;
}

RecommenderConfig small_config(const std::string& model = "sasrec") {
  RecommenderConfig config;
  config.model = testing::recommender_with(
      model, {{"hidden", 16}, {"inner", 16}, {"max-length", 8}, {"blocks", 1}, {"gru-hidden", 16}});
  config.batch = 32;
  config.max_epochs = 2;
  config.lr = 3e-3;
  return config;
}

}  // namespace

TEST_CASE("windows overlap by one item, or are only the last one; none has held-out items") {
  // Training parts of 9, 5, 2 and 1 items: users with fewer than three interactions keep all of theirs.
  const Interactions data = of_lengths({11, 7, 2, 1});
  using Spans = std::vector<std::vector<int64_t>>;
  CHECK(spans(training_windows(data, 5)) == Spans{{0, 0, 5}, {0, 4, 5}, {1, 0, 5}, {2, 0, 2}});
  CHECK(spans(training_windows(data, 4)) ==
        Spans{{0, 0, 4}, {0, 3, 4}, {0, 6, 3}, {1, 0, 4}, {1, 3, 2}, {2, 0, 2}});
  CHECK(spans(training_windows(data, 5, WindowChoice::Last)) == Spans{{0, 4, 5}, {1, 0, 5}, {2, 0, 2}});
  CHECK(spans(training_windows(data, 100, WindowChoice::Last)) == Spans{{0, 0, 9}, {1, 0, 5}, {2, 0, 2}});
  CHECK_THROWS_AS(training_windows(data, 1), ag::Error);
}

TEST_CASE("an epoch is every window once, or N steps of an endless shuffle") {
  const std::vector<int32_t> whole = epoch_windows(10, 3, 4, 0, 1);
  CHECK(std::set<int32_t>(whole.begin(), whole.end()).size() == 10);
  CHECK(whole.size() == 10);
  CHECK(whole != epoch_windows(10, 4, 4, 0, 1));
  CHECK(whole != epoch_windows(10, 3, 4, 0, 2));
  // Five epochs of 2 steps of 4 windows are four passes over all ten windows.
  std::vector<int32_t> dealt;
  for (int64_t epoch = 0; epoch < 5; ++epoch) {
    const std::vector<int32_t> part = epoch_windows(10, epoch, 4, 2, 1);
    CHECK(part.size() == 8);
    dealt.insert(dealt.end(), part.begin(), part.end());
  }
  for (int64_t round = 0; round < 4; ++round) {
    const auto begin = dealt.begin() + 10 * round;
    CHECK(std::vector<int32_t>(begin, begin + 10) == epoch_windows(10, round, 4, 0, 1));
  }
}

TEST_CASE("negatives are not the user's items, for every kind of batch") {
  const Interactions data = some_data();
  for (const std::string& name : testing::trainable_models()) {
    CAPTURE(name);
    const RecommenderConfig config = small_config(name);
    const auto model = make_recommender(data.items(), config);
    const std::vector<Window> windows = training_windows(data, config.model->window_length());
    std::vector<int32_t> chosen;
    for (int32_t i = 0; i < std::ssize(windows); i += 3) chosen.push_back(i);
    const models::SequenceBatch batch = model->training_batch(items_of(data, windows, chosen), {1, 2, 3});
    const Tensor negatives = draw_negatives(data, windows, chosen, batch, 5, {1, 0, 7});
    REQUIRE(negatives.shape() == ag::Shape{batch.targets.numel(), 5});
    // Find the user of each target: the sequences of a batch are its windows, in order.
    int64_t b = 0;
    std::set<int32_t> seen;
    for (int64_t i = 0; i < batch.targets.numel(); ++i) {
      const int64_t row = batch.rows.defined() ? batch.rows.ints()[i] : i;
      while (row >= batch.input.offsets.at(b + 1)) ++b;
      const Sequence taken =
          training_part(data, windows[static_cast<size_t>(chosen[static_cast<size_t>(b)])].user);
      CHECK(std::ranges::count(taken, batch.targets.ints()[i]) > 0);
      for (int64_t j = 0; j < 5; ++j) {
        const int32_t item = negatives.ints()[i * 5 + j];
        CHECK(std::ranges::count(taken, item) == 0);
        seen.insert(item);
      }
    }
    CHECK(std::ssize(seen) > data.items() * 9 / 10);
    const testing::ThreadCount two(2);
    const Tensor again = draw_negatives(data, windows, chosen, batch, 5, {1, 0, 7});
    CHECK(std::equal(again.ints(), again.ints() + again.numel(), negatives.ints()));
  }
}

TEST_CASE("shared negatives are the same for all users, except those that have one of them") {
  const Interactions data = some_data();
  const RecommenderConfig config = small_config();
  const auto model = make_recommender(data.items(), config);
  const std::vector<Window> windows = training_windows(data, config.model->window_length());
  std::vector<int32_t> chosen(windows.size());
  std::iota(chosen.begin(), chosen.end(), 0);
  const models::SequenceBatch batch = model->training_batch(items_of(data, windows, chosen), {});
  constexpr int64_t kCount = 6;
  const Tensor negatives = draw_negatives(data, windows, chosen, batch, kCount, {1, 0, 7}, true);
  std::set<int32_t> all;
  int64_t b = 0, others = 0;
  for (int64_t j = 0; j < kCount; ++j) {
    std::map<int32_t, int64_t> times;
    for (int64_t i = 0; i < batch.targets.numel(); ++i) ++times[negatives.ints()[i * kCount + j]];
    const auto often = std::ranges::max_element(times, {}, [](const auto& entry) { return entry.second; });
    all.insert(often->first);
    b = 0;
    for (int64_t i = 0; i < batch.targets.numel(); ++i) {
      while (i >= batch.input.offsets.at(b + 1)) ++b;
      const Sequence taken = training_part(data, windows[static_cast<size_t>(b)].user);
      const int32_t item = negatives.ints()[i * kCount + j];
      CHECK(std::ranges::count(taken, item) == 0);
      CHECK((item == often->first) == (std::ranges::count(taken, often->first) == 0));
      others += item != often->first;
    }
  }
  CHECK(all.size() > 3);  // six draws from sixty
  CHECK(others > 0);
}

TEST_CASE("a user with all items has no negatives, which is an error") {
  Interactions data = of_lengths({102});
  for (size_t i = 0; i < 102; ++i) data.sequences[0][i] = static_cast<int32_t>(i % 100);
  RecommenderConfig config = small_config();
  config.loss = {models::RecommenderLoss::BCE, 1};
  CHECK_THROWS_WITH_AS(train_from({}, data, config), doctest::Contains("a user has nearly all items"),
                       ag::Error);
}

TEST_CASE("a sparse batch has the loss of the whole table, and the rows' gradients") {
  const Interactions data = some_data();
  for (const std::string& name : testing::trainable_models()) {
    CAPTURE(name);
    const RecommenderConfig config = small_config(name);
    if (!config.model->is_causal()) continue;
    const models::LossConfig loss{models::RecommenderLoss::GBCE, 4};
    const auto model = make_recommender(data.items(), config);
    const std::vector<Window> windows = training_windows(data, config.model->window_length());
    const std::vector<int32_t> chosen = {0, 3, 5};
    models::SequenceBatch batch = model->training_batch(items_of(data, windows, chosen), {});
    batch.negatives = draw_negatives(data, windows, chosen, batch, 4, {1, 0, 7});
    const Tensor table = model->input_embeddings().trainable_table();
    const Tensor whole = model->loss(batch, loss);
    ag::backward(whole);
    const Tensor dtable = table.grad();
    table.zero_grad();
    const Tensor ids = restrict_to_used_rows(batch, table);
    CHECK(std::set<int32_t>(ids.ints(), ids.ints() + ids.numel()).size() == static_cast<size_t>(ids.numel()));
    CHECK(ids.numel() < data.items());
    const Tensor alone = model->loss(batch, loss);
    ag::backward(alone);
    CHECK_FALSE(table.grad().defined());
    testing::check_close(alone.view({1}), whole.view({1}), testing::tolerance::kFused, "loss");
    testing::check_close(batch.item_rows.grad(), ag::embedding(dtable, ids), testing::tolerance::kFused,
                         "gradient");
    double elsewhere = 0;  // the other rows have no gradient
    for (int64_t i = 0; i < dtable.numel(); ++i) elsewhere += std::abs(double(dtable.data()[i]));
    for (int64_t i = 0; i < ids.numel() * 16; ++i)
      elsewhere -= std::abs(double(dtable.data()[ids.ints()[i / 16] * 16 + i % 16]));
    CHECK(std::abs(elsewhere) < 1e-5);
  }
}

TEST_CASE("sparse Adam: the first step is Adam's, and rows without a gradient keep their moments") {
  const Tensor start = Tensor::from({3, 2}, {1, 2, 3, 4, 5, 6});
  Tensor w = start.clone(), dense = start.clone();
  w.set_requires_grad();
  dense.set_requires_grad();
  const nn::AdamConfig config{.lr = 0.1, .decoupled = false};
  nn::Adam lazy({{"w", w}}, config), adam({{"w", dense}}, config);
  const Tensor ids = Tensor::from_ints({0, 2}), rows = Tensor::from({2, 2}, {0.5, -1, 2, 0.25});
  lazy.step_rows({w, ids, rows});
  dense.set_grad(Tensor::from({3, 2}, {0.5, -1, 0, 0, 2, 0.25}));
  adam.step();
  CHECK(w.values() == dense.values());
  CHECK(w.values()[2] == 3);

  // A step on row 0 only: row 2 stays, as in torch.optim.SparseAdam; Adam would move it by its moments.
  const std::vector<ag::real> before = w.values();
  lazy.step_rows({w, Tensor::from_ints({0}), Tensor::from({1, 2}, {0.5, -1})});
  dense.set_grad(Tensor::from({3, 2}, {0.5, -1, 0, 0, 0, 0}));
  adam.step();
  CHECK(w.values()[0] == dense.values()[0]);
  CHECK(w.values()[0] < before[0]);
  CHECK(w.values()[4] == before[4]);
  CHECK(dense.values()[4] < before[4]);
  CHECK(lazy.steps() == 2);

  CHECK_THROWS_AS(lazy.step_rows({w, Tensor::from_ints({3}), Tensor::zeros({1, 2})}), ag::Error);
  CHECK_THROWS_AS(lazy.step_rows({w, Tensor::from_ints({0}), Tensor::zeros({2, 2})}), ag::Error);
  CHECK_THROWS_AS(lazy.step_rows({dense, Tensor::from_ints({0}), Tensor::zeros({1, 2})}), ag::Error);
}

TEST_CASE("every model learns with every loss that it supports") {
  const Interactions data = some_data();
  using enum models::RecommenderLoss;
  for (const std::string& name : testing::trainable_models()) {
    for (const auto loss : {CrossEntropy, BCE, GBCE, SampledSoftmax}) {
      for (const bool lazy : {false, true}) {
        if (lazy && (loss == CrossEntropy || name == "bert4rec")) continue;
        CAPTURE(name);
        CAPTURE(static_cast<int>(loss));
        CAPTURE(lazy);
        RecommenderConfig config = small_config(name);
        config.loss = {loss, loss == CrossEntropy ? 1 : 3};
        config.sparse_adam = lazy;
        config.max_epochs = 8;
        const Recommender trained = train_from({}, data, config);
        CHECK(trained.tokens > 0);
        const auto fresh = make_recommender(data.items(), config);
        CHECK(evaluate(*trained.model, data).at("NDCG@20") > evaluate(*fresh, data).at("NDCG@20"));
      }
    }
  }
}

TEST_CASE("sparse Adam is refused if it makes no sense") {
  const Interactions data = some_data();
  RecommenderConfig config = small_config();
  config.sparse_adam = true;
  CHECK_THROWS_WITH_AS(train_from({}, data, config), doctest::Contains("lazy-adam: has no effect without "),
                       ag::InputError);
  config.loss = {models::RecommenderLoss::BCE, 1};
  config.model = small_config("bert4rec").model;
  CHECK_THROWS_WITH_AS(train_from({}, data, config), doctest::Contains("lazy-adam: has no effect without "),
                       ag::InputError);
}
