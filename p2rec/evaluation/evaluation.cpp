#include "p2rec/evaluation/evaluation.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "autograd/ops.h"
#include "autograd/parallel.h"
#include "nn/init.h"
#include "p2rec/evaluation/user_sample.h"

namespace p2rec {
namespace {

using ag::real;
using ag::Tensor;

constexpr uint32_t kStream = ag::stream("items to rank");
constexpr uint64_t kMostDraws = uint64_t{1} << 20;  // of one user

bool contains(std::span<const int32_t> ascending, int32_t item) {
  return std::binary_search(ascending.begin(), ascending.end(), item);
}

// Users that are ranked at the same time.
struct UserBlock {
  Tensor states;                              // (B,C)
  std::vector<int32_t> targets;               // per user
  std::vector<std::vector<int32_t>> removed;  // per user, ascending: items that are not ranked

  int64_t size() const { return std::ssize(targets); }
};

// The users' states (B,C) after their histories, computed in chunks of about 4096 items, so that activations
// stay in the cache from one layer to the next.
Tensor states_after(const models::SequentialRecommender& model, const models::Histories& histories) {
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
  block.states = states_after(model, histories);
  return block;
}

// Two passes over blocks of items, because the targets' scores must come from the same matrix products as
// the other items': otherwise equal items could differ by rounding. The second pass goes backwards to
// reuse the last block.
std::vector<Counted> count_in_catalogue(const UserBlock& users, const Tensor& table,
                                        const RankingConfig& config) {
  const int64_t B = users.size(), V = table.dim(0), size = config.items_together;
  AG_CHECK(size > 0, "ranking: blocks of ", size, " items");
  Tensor scores;      // (B, items of the block)
  int64_t kept = -1;  // the block's first item
  const auto compute = [&](int64_t first) {
    if (first == kept) return;
    scores = {};  // frees the old block before the next one is computed
    scores = ag::matmul(users.states, table.rows(first, std::min(first + size, V)), false, true)
                 .to(ag::Device::CPU);
    kept = first;
  };
  const auto scores_of = [&](int64_t b) {
    return std::span<const real>(scores.data() + b * scores.dim(1), static_cast<size_t>(scores.dim(1)));
  };
  std::vector<ScoredItem> targets(static_cast<size_t>(B));
  for (int64_t first = 0; first < V; first += size) {
    compute(first);
    for (int64_t b = 0; b < B; ++b) {
      const int32_t item = users.targets[static_cast<size_t>(b)];
      if (item >= first && item < first + scores.dim(1))
        targets[static_cast<size_t>(b)] = {item, scores_of(b)[static_cast<size_t>(item - first)]};
    }
  }
  std::vector<Counted> counted(static_cast<size_t>(B));
  for (int64_t first = (V - 1) / size * size; first >= 0; first -= size) {
    compute(first);
    ag::parallel_for(B, scores.dim(1), [&](int64_t b) {
      const auto user = static_cast<size_t>(b);
      const Counted found = count_before(targets[user], scores_of(b), static_cast<int32_t>(first),
                                         users.removed[user], config.ties);
      counted[user].before += found.before;
      counted[user].not_finite += found.not_finite;
    });
  }
  return counted;
}

real dot(const real* x, const real* y, int64_t n) {
  real sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < n; ++i) sum += x[i] * y[i];
  return sum;
}

// The same counts among sampled items. negatives: per user.
std::vector<Counted> count_among(const UserBlock& users, const Tensor& item_table,
                                 const std::vector<std::vector<int32_t>>& negatives, Ties ties) {
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
    counted[user] = count_before(target, scores, negatives[user], ties);
    counted[user].not_finite += !std::isfinite(target.score);
  });
  return counted;
}

std::optional<NegativeItems> negative_items(const Interactions& data, const RankingConfig& config) {
  if (config.against == RankedAgainst::Catalogue) return std::nullopt;
  if (config.against == RankedAgainst::PopularitySample)
    return NegativeItems(item_counts(data, CountedPart::Training), config.seed);
  return NegativeItems(std::vector<int64_t>(data.item_ids.size(), 1), config.seed);
}

// Throws ag::Error if scores are not finite. `scores`: the number of scores per user.
void add_ranks(std::vector<int64_t>& ranks, const std::vector<Counted>& counted, int64_t scores) {
  int64_t bad = 0;
  for (const Counted& c : counted) bad += c.not_finite;
  check_finite(bad, std::ssize(counted) * scores);
  for (const Counted& c : counted) ranks.push_back(c.before);
}

}  // namespace

NegativeItems::NegativeItems(const std::vector<int64_t>& weights, uint64_t seed) : seed_(seed) {
  for (const int64_t weight : weights) {
    AG_CHECK(weight >= 0, "negative items: the weight ", weight, " is negative");
    before_.push_back(before_.back() + weight);
    drawable_ += weight > 0;
  }
}

bool NegativeItems::can_be_drawn(int32_t item) const {
  const auto i = static_cast<size_t>(item);
  return before_[i + 1] > before_[i];
}

int32_t NegativeItems::draw_one(uint64_t user, uint64_t element) const {
  // 53 bits, because the total weight of a large data set needs more than 32 bits.
  const ag::RandomKey key{seed_, static_cast<uint32_t>(user), kStream};
  const uint64_t bits =
      (uint64_t{ag::random_bits(key, 2 * element)} << 21) ^ (ag::random_bits(key, 2 * element + 1) >> 11);
  const auto place =
      static_cast<int64_t>(static_cast<double>(bits) * 0x1p-53 * static_cast<double>(before_.back()));
  return static_cast<int32_t>(std::ranges::upper_bound(before_, place) - before_.begin() - 1);
}

std::vector<int32_t> NegativeItems::draw(int64_t user, int64_t count, int32_t target,
                                         std::span<const int32_t> removed) const {
  int64_t candidates = drawable_ - (can_be_drawn(target) && !contains(removed, target));
  for (const int32_t item : removed) candidates -= can_be_drawn(item);
  INPUT_CHECK(count <= candidates, "negatives-ranked: found ", count, ", but user number ", user,
              " leaves only ", candidates,
              " items to draw from; hint: ranking = full ranks against all items");
  std::vector<int32_t> drawn;
  for (uint64_t i = 0; std::ssize(drawn) < count; ++i) {
    INPUT_CHECK(i < kMostDraws, "negatives-ranked: a million draws by popularity did not give ", count,
                " different items of ", candidates, "; hint: ranking = sampled draws uniformly");
    const int32_t item = draw_one(static_cast<uint64_t>(user), i);
    const auto place = std::ranges::lower_bound(drawn, item);
    const bool is_new = place == drawn.end() || *place != item;
    if (is_new && item != target && !contains(removed, item)) drawn.insert(place, item);
  }
  return drawn;
}

void describe(RankingConfig& config, const nn::Visit& visit) {
  using enum RankedAgainst;
  const char* against =
      "items that a held-out item is ranked against: all, or a sample drawn uniformly or by popularity, "
      "which "
      "is only for comparison with published results of that kind";
  nn::visit_choice<RankedAgainst>(
      visit, {"ranking", against}, config.against,
      {{"full", Catalogue}, {"sampled", EvenSample}, {"sampled-popularity", PopularitySample}});
  visit({"negatives-ranked", "number of items that sampled ranking draws per user", nn::at_least(1)},
        &config.negatives);
  visit({"ranking-seed", "seed of sampled ranking; every recommender gets the same items",
         nn::between(0, 0x1p53)},
        &config.seed);
  visit({"filter-history", "do not rank the items of the user's history"}, &config.filter_history);
  nn::visit_choice<Ties>(visit,
                         {"ties",
                          "which items with the target's score rank before it: all, or those with a higher "
                          "index, which is only for comparison with published results of popularity"},
                         config.ties, {{"against-target", Ties::AgainstTarget}, {"index", Ties::ByIndex}});
  visit({"cutoffs", "K of HR@K, NDCG@K and MRR@K; must contain 10", nn::at_least(1)}, &config.cutoffs);
}

void check(const RankingConfig& config) {
  const std::set<int> distinct(config.cutoffs.begin(), config.cutoffs.end());
  INPUT_CHECK(distinct.size() == config.cutoffs.size(), "cutoffs: found one twice; expected each once");
  INPUT_CHECK(distinct.contains(10),
              "cutoffs: 10 is missing; expected it, because the printed table and the report show it");
}

std::vector<int64_t> ranked_users(const Interactions& data, Target target, int64_t most) {
  std::vector<int64_t> users;
  for (int64_t u = 0; u < data.users(); ++u) {
    if (has_target(data, u, target)) users.push_back(u);
  }
  return sampled_users(data, std::move(users), most);
}

std::vector<int64_t> sampled_users(const Interactions& data, std::vector<int64_t> users, int64_t most) {
  if (most <= 0 || most >= std::ssize(users)) return users;
  std::vector<std::pair<uint64_t, int64_t>> by_hash;
  for (const int64_t u : users) {
    const auto words = ag::random_block(nn::key_for("ranked " + data.user_ids[static_cast<size_t>(u)], 0), 0);
    by_hash.emplace_back((uint64_t{words[0]} << 32) | words[1], u);
  }
  std::ranges::nth_element(by_hash, by_hash.begin() + most);
  users.clear();
  for (const auto& [hash, user] : std::span(by_hash).first(static_cast<size_t>(most))) users.push_back(user);
  std::ranges::sort(users);
  return users;
}

std::vector<int64_t> target_ranks(const models::SequentialRecommender& model, const Interactions& data,
                                  Target target, const RankingConfig& config,
                                  const ag::Communicator& sharing) {
  const ag::NoGrad no_grad;
  const std::vector<int64_t> users = ranked_users(data, target, config.users);
  const std::optional<NegativeItems> sampler = negative_items(data, config);
  const Tensor table = model.output_embeddings();
  std::vector<int64_t> ranks;
  // Whole blocks, so that rounding does not depend on the number of `sharing`.
  const int64_t blocks = (std::ssize(users) + kUsersRankedTogether - 1) / kUsersRankedTogether;
  for (int64_t block_number = sharing.begin(blocks); block_number < sharing.end(blocks); ++block_number) {
    const auto begin = static_cast<size_t>(block_number * kUsersRankedTogether),
               count = std::min<size_t>(kUsersRankedTogether, users.size() - begin);
    const auto together = std::span(users).subspan(begin, count);
    const UserBlock block = block_of(model, data, together, target, config.filter_history);
    if (!sampler) {
      add_ranks(ranks, count_in_catalogue(block, table, config), table.dim(0));
      continue;
    }
    std::vector<std::vector<int32_t>> negatives;
    for (size_t i = 0; i < count; ++i)
      negatives.push_back(sampler->draw(together[i], config.negatives, block.targets[i], block.removed[i]));
    add_ranks(ranks, count_among(block, table, negatives, config.ties), config.negatives + 1);
  }
  const std::vector<int32_t> own(ranks.begin(), ranks.end());
  const Tensor all = sharing.all_gather(Tensor::from_ints(own));
  return {all.ints(), all.ints() + all.numel()};
}

Metrics evaluate(const models::SequentialRecommender& model, const Interactions& data, Target target,
                 const RankingConfig& config, const ag::Communicator& sharing) {
  return metrics_from_ranks(target_ranks(model, data, target, config, sharing));
}

}  // namespace p2rec
