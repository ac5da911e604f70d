#include "p2rec/evaluation/evaluation.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "autograd/ops.h"
#include "autograd/parallel.h"
#include "nn/init.h"
#include "p2rec/evaluation/sampled_negatives.h"

namespace p2rec {
namespace {

using ag::real;
using ag::Tensor;

// Users that are ranked together.
struct UserBlock {
  Tensor states;                              // (B,C)
  std::vector<int32_t> targets;               // per user
  std::vector<std::vector<int32_t>> removed;  // per user, ascending: items that do not compete

  int64_t size() const { return static_cast<int64_t>(targets.size()); }
};

// The states behind the histories, (B,C), of some users after the other: so many that the layers' results, of a row for each item
// read, stay in the processor's caches from one layer to the next.
Tensor states_behind(const models::SequentialRecommender& model, const models::Histories& histories) {
  constexpr size_t kItemsReadTogether = 4096;
  std::vector<Tensor> states;
  for (auto begin = histories.begin(); begin != histories.end();) {
    auto end = begin;
    for (size_t items = 0; end != histories.end() && items < kItemsReadTogether; ++end) items += end->size();
    states.push_back(model.user_states(model.pack({begin, end})));
    begin = end;
  }
  return states.size() == 1 ? states[0] : ag::concat(states, 0);
}

UserBlock block_of(const models::SequentialRecommender& model, const Interactions& data,
                   std::span<const int64_t> users, Target target, bool filter_history) {
  UserBlock block;
  models::Histories histories;
  for (const int64_t user : users) {
    const Sequence history = target_history(data, user, target);
    histories.emplace_back(history.begin(), history.end());
    block.targets.push_back(target_item(data, user, target));
    block.removed.push_back(filter_history ? sorted_distinct(history) : std::vector<int32_t>());
  }
  block.states = states_behind(model, histories);
  return block;
}

// The scores of the users, a block of items at a time. The block that was asked for last is kept, so that a single one is
// computed once.
class ItemBlocks {
 public:
  ItemBlocks(const Tensor& states /*(B,C)*/, const Tensor& table /*(V,C)*/, int64_t items_together)
      : states_(states), table_(table), size_(items_together) {
    AG_CHECK(size_ > 0, "ranking: blocks of ", size_, " items");
  }
  int64_t count() const { return (table_.dim(0) + size_ - 1) / size_; }
  int64_t first_item(int64_t block) const { return block * size_; }
  // (B, items of the block)
  const Tensor& scores(int64_t block) {
    if (block != kept_) {
      const int64_t begin = first_item(block), end = std::min(begin + size_, table_.dim(0));
      scores_ = {};  // goes before the next one comes
      scores_ = ag::matmul(states_, table_.rows(begin, end), false, true).to(ag::Device::CPU);
      kept_ = block;
    }
    return scores_;
  }

 private:
  const Tensor &states_, &table_;
  int64_t size_, kept_ = -1;
  Tensor scores_;
};

void check_finite(const std::vector<Counted>& counted, int64_t scores) {
  int64_t bad = 0;
  for (const Counted& c : counted) bad += c.not_finite;
  p2rec::check_finite(bad, scores);
}

void add_ranks(std::vector<int64_t>& ranks, const std::vector<Counted>& counted) {
  for (const Counted& c : counted) ranks.push_back(c.before);
}

// Two passes over the blocks: the targets' scores must come out of the same products as their rivals', or equal items would
// differ by a rounding. The second one goes backwards and finds the last block computed.
std::vector<Counted> count_in_catalogue(const UserBlock& users, const Tensor& table, int64_t items_together) {
  ItemBlocks blocks(users.states, table, items_together);
  const int64_t B = users.size();
  std::vector<ScoredItem> targets(static_cast<size_t>(B));
  for (int64_t i = 0; i < blocks.count(); ++i) {
    const Tensor& scores = blocks.scores(i);
    const int64_t n = scores.dim(1);
    for (int64_t b = 0; b < B; ++b) {
      const int32_t item = users.targets[static_cast<size_t>(b)];
      const int64_t place = item - blocks.first_item(i);
      if (place >= 0 && place < n) targets[static_cast<size_t>(b)] = {item, scores.data()[b * n + place]};
    }
  }
  std::vector<Counted> counted(static_cast<size_t>(B));
  for (int64_t i = blocks.count(); i-- > 0;) {
    const Tensor& scores = blocks.scores(i);
    const int64_t n = scores.dim(1);
    ag::parallel_for(B, n, [&](int64_t b) {
      const auto user = static_cast<size_t>(b);
      const std::span<const real> row(scores.data() + b * n, static_cast<size_t>(n));
      const Counted found =
          count_before(targets[user], row, static_cast<int32_t>(blocks.first_item(i)), users.removed[user]);
      counted[user].before += found.before;
      counted[user].not_finite += found.not_finite;
    });
  }
  check_finite(counted, B * table.dim(0));
  return counted;
}

real dot(const real* x, const real* y, int64_t n) {
  real sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < n; ++i) sum += x[i] * y[i];
  return sum;
}

// negatives: per user.
std::vector<Counted> count_among(const UserBlock& users, const Tensor& item_table,
                                 const std::vector<std::vector<int32_t>>& negatives) {
  const Tensor states = users.states.to(ag::Device::CPU), table = item_table.to(ag::Device::CPU);
  const int64_t B = users.size(), C = table.dim(1);
  const auto per_user = static_cast<int64_t>(negatives.at(0).size());
  std::vector<Counted> counted(static_cast<size_t>(B));
  ag::parallel_for(B, per_user * C, [&](int64_t b) {
    const auto user = static_cast<size_t>(b);
    const auto score_of = [&](int32_t item) {
      return dot(states.data() + b * C, table.data() + item * C, C);
    };
    std::vector<real> scores;
    for (const int32_t item : negatives[user]) scores.push_back(score_of(item));
    const ScoredItem target{users.targets[user], score_of(users.targets[user])};
    counted[user] = count_before(target, scores, negatives[user]);
    counted[user].not_finite += !std::isfinite(target.score);
  });
  check_finite(counted, B * (per_user + 1));
  return counted;
}

std::optional<NegativeItems> negative_items(const Interactions& data, const RankingConfig& config) {
  if (config.against == RankedAgainst::Catalogue) return std::nullopt;
  const bool evenly = config.against == RankedAgainst::EvenSample;
  return NegativeItems(
      evenly ? std::vector<int64_t>(data.item_ids.size(), 1) : item_counts(data, CountedPart::Training),
      config.seed);
}

}  // namespace

std::vector<int64_t> ranked_users(const Interactions& data, int64_t most) {
  std::vector<int64_t> users;
  for (int64_t u = 0; u < data.users(); ++u) {
    if (has_targets(data, u)) users.push_back(u);
  }
  if (most <= 0 || most >= static_cast<int64_t>(users.size())) return users;
  std::vector<uint64_t> hash(data.sequences.size());
  for (const int64_t u : users) {
    const auto words = ag::random_block(nn::key_for("ranked " + data.user_ids[static_cast<size_t>(u)], 0), 0);
    hash[static_cast<size_t>(u)] = (uint64_t{words[0]} << 32) | words[1];
  }
  std::nth_element(users.begin(), users.begin() + most, users.end(), [&](int64_t a, int64_t b) {
    const uint64_t x = hash[static_cast<size_t>(a)], y = hash[static_cast<size_t>(b)];
    return x != y ? x < y : a < b;
  });
  users.resize(static_cast<size_t>(most));
  std::sort(users.begin(), users.end());
  return users;
}

std::vector<int64_t> target_ranks(const models::SequentialRecommender& model, const Interactions& data,
                                  Target target, const RankingConfig& config) {
  const ag::NoGrad no_grad;
  const std::vector<int64_t> users = ranked_users(data, config.users);
  const std::optional<NegativeItems> sampler = negative_items(data, config);
  const Tensor table = model.output_embeddings();
  std::vector<int64_t> ranks;
  for (size_t begin = 0; begin < users.size(); begin += kUsersRankedTogether) {
    const size_t count = std::min<size_t>(kUsersRankedTogether, users.size() - begin);
    const std::span<const int64_t> together(users.data() + begin, count);
    const UserBlock block = block_of(model, data, together, target, config.filter_history);
    if (!sampler) {
      add_ranks(ranks, count_in_catalogue(block, table, config.items_together));
      continue;
    }
    std::vector<std::vector<int32_t>> negatives;
    for (size_t i = 0; i < count; ++i)
      negatives.push_back(sampler->draw(together[i], config.negatives, block.targets[i], block.removed[i]));
    add_ranks(ranks, count_among(block, table, negatives));
  }
  return ranks;
}

Metrics evaluate(const models::SequentialRecommender& model, const Interactions& data, Target target,
                 const RankingConfig& config) {
  return metrics_from_ranks(target_ranks(model, data, target, config));
}

}  // namespace p2rec
