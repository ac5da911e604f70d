// The baselines of the fine-tuning, computed again here: user by user, and the
// ridge regression by its normal equations.
#include "p2rec/methods/p2rec/reconstruction.h"

#include <cmath>

#include "autograd/rng.h"
#include "models/tokenizers/byte_tokenizer.h"
#include "p2rec/llm/finetune.h"
#include "p2rec/methods/p2rec/preferences.h"
#include "tests/testing.h"

using namespace p2rec;

namespace {

using Row = std::vector<double>;
using Matrix = std::vector<Row>;

constexpr int32_t kItems = 9, kGroups = 3;
constexpr int64_t kShown = 4;  // of 5 to 12 items of the training part

// Users whose later items come from other groups than their earlier ones, so
// that a prompt shows only some groups.
Interactions data_with_drift() {
  Interactions data;
  data.source = "test";
  for (int32_t i = 0; i < kItems; ++i) data.item_ids.push_back(std::to_string(i));
  for (uint32_t u = 0; u < 150; ++u) {
    data.user_ids.push_back("user " + std::to_string(u));
    std::vector<int32_t>& items = data.sequences.emplace_back();
    const uint32_t length = 7 + ag::random_below({1, u, 0}, 0, 8),
                   home = ag::random_below({1, u, 1}, 0, kItems);
    for (uint32_t t = 0; t < length; ++t)
      items.push_back(static_cast<int32_t>((home + t / 3 + ag::random_below({1, u, 2}, t, 3)) % kItems));
  }
  return data;
}

ItemGroups groups_in_turn() {
  ItemGroups groups;
  groups.groups = kGroups;
  for (int32_t i = 0; i < kItems; ++i) groups.group_of.push_back(i % kGroups);
  return groups;
}

// Solves a x = b for several right sides, by elimination.
Matrix solve(Matrix a, Matrix b) {
  const size_t n = a.size();
  for (size_t i = 0; i < n; ++i) {  // a is positive definite, so no pivot is zero
    for (size_t row = 0; row < n; ++row) {
      if (row == i) continue;
      const double factor = a[row][i] / a[i][i];
      for (size_t c = 0; c < n; ++c) a[row][c] -= factor * a[i][c];
      for (size_t c = 0; c < b[row].size(); ++c) b[row][c] -= factor * b[i][c];
    }
  }
  for (size_t i = 0; i < n; ++i) {
    for (double& x : b[i]) x /= a[i][i];
  }
  return b;
}

class Users {
 public:
  Users(const Interactions& data, const ag::Tensor& preferences, const std::vector<int64_t>& users) {
    for (const int64_t u : users) {
      const auto& sequence = data.sequences[static_cast<size_t>(u)];
      Row bag(kItems), target(kGroups);
      for (auto item = sequence.end() - 2 - kShown; item != sequence.end() - 2; ++item)  // two are held out
        bag[static_cast<size_t>(*item)] += 1.0 / kShown;
      for (size_t k = 0; k < kGroups; ++k)
        target[k] = preferences.data()[u * kGroups + static_cast<int64_t>(k)];
      bags.push_back(bag);
      targets.push_back(target);
    }
  }

  Row mean() const {
    Row sum(kGroups);
    for (const Row& target : targets) {
      for (size_t k = 0; k < kGroups; ++k) sum[k] += target[k] / static_cast<double>(targets.size());
    }
    return sum;
  }

  template <class Predict>
  double error_of(const Predict& predict) const {
    double sum = 0;
    for (size_t i = 0; i < bags.size(); ++i) {
      const Row predicted = predict(bags[i]);
      for (size_t k = 0; k < kGroups; ++k) sum += std::pow(predicted[k] - targets[i][k], 2);
    }
    return sum / static_cast<double>(bags.size() * kGroups);
  }

  Matrix bags, targets;
};

// The error on some users after fitting others: W = (X^T X + penalty I)^-1 X^T (Y - mean).
double ridge_error(const Users& fit, const Users& check, double penalty) {
  const Row mean = fit.mean();
  Matrix gram(kItems, Row(kItems)), right(kItems, Row(kGroups));
  for (size_t i = 0; i < kItems; ++i) {
    gram[i][i] = penalty;
    for (size_t u = 0; u < fit.bags.size(); ++u) {
      for (size_t j = 0; j < kItems; ++j) gram[i][j] += fit.bags[u][i] * fit.bags[u][j];
      for (size_t k = 0; k < kGroups; ++k) right[i][k] += fit.bags[u][i] * (fit.targets[u][k] - mean[k]);
    }
  }
  const Matrix w = solve(gram, right);
  return check.error_of([&](const Row& bag) {
    Row predicted = mean;
    for (size_t i = 0; i < kItems; ++i) {
      for (size_t k = 0; k < kGroups; ++k) predicted[k] += bag[i] * w[i][k];
    }
    return predicted;
  });
}

}  // namespace

TEST_CASE("reconstruction baselines: mean, window and ridge regression, on the held-out users") {
  const Interactions data = data_with_drift();
  const ItemGroups groups = groups_in_turn();
  const ag::Tensor preferences = user_preferences(data, groups);
  std::vector<int64_t> known, unknown, fit, check;
  for (int64_t u = 0; u < data.users(); ++u) {
    const std::string& id = data.user_ids[static_cast<size_t>(u)];
    (held_out(id) ? unknown : known).push_back(u);
    if (!held_out(id)) (held_out("ridge " + id) ? check : fit).push_back(u);
  }
  REQUIRE(unknown.size() > 5);
  REQUIRE(check.size() > 5);
  const Users train(data, preferences, known), test(data, preferences, unknown);

  const ReconstructionBaselines found = reconstruction_baselines(
      data, groups, preferences, Prompts(data, models::ByteTokenizer(), {ItemsAs::Ids, kShown}, 257));
  CHECK(found.mean == doctest::Approx(test.error_of([&](const Row&) { return train.mean(); })).epsilon(1e-9));
  const double window = test.error_of([&](const Row& bag) {
    Row shares(kGroups);
    for (size_t i = 0; i < kItems; ++i) shares[i % kGroups] += bag[i];
    return shares;
  });
  CHECK(found.window == doctest::Approx(window).epsilon(1e-6));  // the f32 build rounds the shares
  const Users some(data, preferences, fit), others(data, preferences, check);
  double best = 0, smallest = INFINITY;
  for (const double penalty : {0.01, 0.1, 1.0, 10.0, 100.0}) {
    const double error = ridge_error(some, others, penalty);
    if (error < smallest) {
      smallest = error;
      best = penalty;
    }
  }
  CHECK(found.ridge == doctest::Approx(ridge_error(train, test, best)).epsilon(1e-9));
  for (const double penalty : {0.01, 0.1, 1.0, 10.0, 100.0}) {  // the choice of the penalty matters
    if (penalty != best)
      CHECK(ridge_error(train, test, penalty) != doctest::Approx(found.ridge).epsilon(1e-4));
  }
}
