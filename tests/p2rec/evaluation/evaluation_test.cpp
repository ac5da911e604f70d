// Ranking with a model: blocks of users and items, the history, sampled negatives,
// a sample of the users, and the splits.
#include "p2rec/evaluation/evaluation.h"

#include <algorithm>
#include <fstream>
#include <set>

#include "models/recommenders/popularity.h"
#include "p2rec/data/load_data.h"
#include "p2rec/evaluation/ranked_users.h"
#include "p2rec/training/train_recommender.h"
#include "tests/p2rec/run/small_run.h"

using namespace p2rec;
using ag::Tensor;

namespace {

using Items = std::vector<int32_t>;

// States and items are integers, so every product is exact for any shape; many scores are equal.
class WholeNumbers : public models::SequentialRecommender {
 public:
  explicit WholeNumbers(int64_t items) : table_(Tensor::empty({items, 3})) {
    for (int64_t i = 0; i < table_.numel(); ++i)
      table_.data()[i] = static_cast<ag::real>((i * 7 + i / 5) % 4);
  }
  const models::PopularityConfig& config() const override { return config_; }
  Tensor user_states(const nn::Packed& histories) const override {
    Tensor states = Tensor::empty({histories.offsets.sequences(), 3});
    for (int64_t b = 0; b < states.dim(0); ++b) {
      const int32_t last = histories.ids.ints()[histories.offsets.at(b + 1) - 1];
      for (int32_t c = 0; c < 3; ++c)
        states.data()[3 * b + c] = static_cast<ag::real>((last + 2 * c) % 3 - 1);
    }
    return states;
  }
  Tensor output_embeddings() const override { return table_; }
  nn::Packed pack(const std::vector<Items>& histories) const override { return nn::pack(histories); }

 private:
  models::PopularityConfig config_;  // which nothing here reads
  Tensor table_;
};

Items history_of(const Interactions& data, int64_t user) {
  const Sequence history = target_history(data, user, Target::Test);
  return {history.begin(), history.end()};
}

// Ranks one user at a time, from the scores of all items.
template <class Removed>
std::vector<int64_t> ranks_one_by_one(const models::SequentialRecommender& model, const Interactions& data,
                                      const Removed& removed) {
  std::vector<int64_t> ranks;
  for (const int64_t user : ranked_users(data, Target::Test)) {
    const Tensor scores = model.scores(model.pack({history_of(data, user)}));
    ranks.push_back(rank_of_target({scores.data(), static_cast<size_t>(scores.numel())},
                                   target_item(data, user, Target::Test), removed(user)));
  }
  return ranks;
}

Interactions more_users_than_a_block() {
  return make_synthetic({.users = 300, .items = 60, .groups = 4, .mean_length = 8, .seed = 5});
}

}  // namespace

TEST_CASE("evaluation: ranks in a block of users equal those of each single user") {
  const Interactions data = more_users_than_a_block();
  REQUIRE(ranked_users(data, Target::Test).size() > static_cast<size_t>(kUsersRankedTogether));
  const WholeNumbers whole(data.items());
  const models::Popularity popular(item_counts(data, CountedPart::Training));
  for (const models::SequentialRecommender* model :
       {static_cast<const models::SequentialRecommender*>(&whole),
        static_cast<const models::SequentialRecommender*>(&popular)}) {
    CHECK(target_ranks(*model, data, Target::Test) ==
          ranks_one_by_one(*model, data, [&](int64_t u) { return history_of(data, u); }));
    CHECK(target_ranks(*model, data, Target::Test, {.filter_history = false}) ==
          ranks_one_by_one(*model, data, [](int64_t) { return Items(); }));
  }
}

TEST_CASE("evaluation: blocks of items give the ranks of the whole catalogue, bit for bit") {
  const Interactions data = more_users_than_a_block();
  const WholeNumbers model(data.items());
  for (const bool filter : {true, false}) {
    // Many scores are equal, so there are few different ranks if ties count against the target.
    for (const Ties ties : {Ties::ByIndex, Ties::AgainstTarget}) {
      const auto ranks = [&](int64_t together) {
        return target_ranks(model, data, Target::Test,
                            {.ties = ties, .filter_history = filter, .items_together = together});
      };
      const auto whole = ranks(RankingConfig().items_together);
      CHECK(std::set<int64_t>(whole.begin(), whole.end()).size() > (ties == Ties::ByIndex ? 20 : 3));
      for (const int64_t together : {1, 7, 59, 60, 61}) CHECK(ranks(together) == whole);
    }
  }
  CHECK_THROWS_AS(target_ranks(model, data, Target::Test, {.items_together = 0}), ag::Error);
}

TEST_CASE("evaluation: a model that can be trained, in blocks of items") {
  const Interactions data = more_users_than_a_block();
  RecommenderConfig config;
  config.model->hidden = 16;
  config.model->max_length = 8;
  config.seed = 3;
  const auto sasrec = make_recommender(data.items(), config);
  // No two of these random scores are so close that rounding matters.
  CHECK(target_ranks(*sasrec, data, Target::Test, {.items_together = 13}) ==
        target_ranks(*sasrec, data, Target::Test));
}

TEST_CASE("evaluation: scores that are not numbers are an error, in any block") {
  const Interactions data = testing::small_data();
  for (const int32_t item : {0, 20, 39}) {
    const WholeNumbers model(data.items());
    model.output_embeddings().data()[3 * item + 1] = ag::real(NAN);
    for (const int64_t together : {9, 40})
      CHECK_THROWS_WITH_AS(target_ranks(model, data, Target::Test, {.items_together = together}),
                           doctest::Contains("scores are NaN or infinite"), ag::Error);
  }
  const WholeNumbers model(data.items());
  model.output_embeddings().fill(ag::real(INFINITY));
  CHECK_THROWS_AS(
      target_ranks(model, data, Target::Test, {.against = RankedAgainst::EvenSample, .negatives = 5}),
      ag::Error);
}

TEST_CASE("evaluation: a sampled rank is the rank after removing all items that were not drawn") {
  const Interactions data = testing::small_data();
  const WholeNumbers model(data.items());
  for (const bool filter : {true, false}) {
    for (const RankedAgainst against : {RankedAgainst::EvenSample, RankedAgainst::PopularitySample}) {
      const RankingConfig config{.against = against, .negatives = 10, .seed = 9, .filter_history = filter};
      const bool evenly = against == RankedAgainst::EvenSample;
      const NegativeItems sampler(
          evenly ? std::vector<int64_t>(data.item_ids.size(), 1) : item_counts(data, CountedPart::Training),
          9);
      const auto not_drawn = [&](int64_t user) {
        const int32_t target = target_item(data, user, Target::Test);
        const Items history = filter ? sorted_distinct(history_of(data, user)) : Items();
        const Items drawn = sampler.draw(user, 10, target, history);
        Items rest;
        for (int32_t i = 0; i < data.items(); ++i) {
          if (i != target && !std::binary_search(drawn.begin(), drawn.end(), i)) rest.push_back(i);
        }
        CHECK(rest.size() == data.item_ids.size() - 11);
        return rest;
      };
      CHECK(target_ranks(model, data, Target::Test, config) == ranks_one_by_one(model, data, not_drawn));
    }
  }
}

TEST_CASE("negative items: distinct, not the target, not removed, and always the same") {
  const NegativeItems sampler(std::vector<int64_t>(50, 1), 4);
  const Items removed = {0, 3, 17, 49};
  std::set<Items> all;
  for (int64_t user = 0; user < 20; ++user) {
    const Items drawn = sampler.draw(user, 10, 5, removed);
    CHECK(drawn.size() == 10);
    CHECK(sorted_distinct(drawn) == drawn);
    for (const int32_t item : drawn) {
      CHECK((item >= 0 && item < 50 && item != 5));
      CHECK_FALSE(std::binary_search(removed.begin(), removed.end(), item));
    }
    CHECK(sampler.draw(user, 10, 5, removed) == drawn);
    all.insert(drawn);
  }
  CHECK(all.size() == 20);
  CHECK(NegativeItems(std::vector<int64_t>(50, 1), 5).draw(0, 10, 5, removed) !=
        sampler.draw(0, 10, 5, removed));
  // All items that are left, and one more. The target may be one of the removed items.
  CHECK(sampler.draw(0, 45, 5, removed).size() == 45);
  CHECK(sampler.draw(0, 46, 17, removed).size() == 46);
  CHECK_THROWS_WITH_AS(sampler.draw(0, 46, 5, removed),
                       doctest::Contains("negatives-ranked: found 46, but user number 0 leaves only 45"),
                       ag::InputError);
}

TEST_CASE("negative items: in proportion to the weights, never with weight zero") {
  // The first draws of many users: the items have the shares 1/10, 3/10, 0 and 6/10.
  const NegativeItems sampler({1, 3, 0, 6, 0}, 2);
  std::vector<double> share(5, 0);
  constexpr int kUsers = 20000;
  for (int64_t user = 0; user < kUsers; ++user)
    share.at(size_t(sampler.draw(user, 1, 2, {})[0])) += 1.0 / kUsers;
  CHECK(share[0] == doctest::Approx(0.1).epsilon(0.1));
  CHECK(share[1] == doctest::Approx(0.3).epsilon(0.05));
  CHECK(share[3] == doctest::Approx(0.6).epsilon(0.05));
  CHECK(share[2] + share[4] == 0);
  CHECK(sampler.draw(0, 3, 2, {}) == Items{0, 1, 3});
  CHECK_THROWS_AS(sampler.draw(0, 3, 0, {}), ag::InputError);
  // If one item has almost all the weight, the draw stops with an error and does not run on.
  const NegativeItems hidden({int64_t{1} << 50, 1, 1, 1}, 2);
  CHECK_THROWS_WITH_AS(hidden.draw(0, 3, 3, {}), doctest::Contains("a million draws by popularity"),
                       ag::InputError);
}

TEST_CASE("evaluation: a sample of the users does not depend on other options") {
  const Interactions data = more_users_than_a_block();
  const std::vector<int64_t> all = ranked_users(data, Target::Test),
                             some = ranked_users(data, Target::Test, 50);
  CHECK(some.size() == 50);
  CHECK(std::is_sorted(some.begin(), some.end()));
  CHECK(std::includes(all.begin(), all.end(), some.begin(), some.end()));
  CHECK(some.back() > 200);  // not only the first users
  CHECK(ranked_users(data, Target::Test, 100000) == all);
  const std::vector<int64_t> more = ranked_users(data, Target::Test, 51);
  CHECK(std::includes(more.begin(), more.end(), some.begin(), some.end()));

  const WholeNumbers model(data.items());
  const std::vector<int64_t> ranks = target_ranks(model, data, Target::Test),
                             sampled = target_ranks(model, data, Target::Test, {.users = 50});
  REQUIRE(sampled.size() == 50);
  for (size_t i = 0; i < 50; ++i) {
    const auto place = std::lower_bound(all.begin(), all.end(), some[i]) - all.begin();
    CHECK(sampled[i] == ranks[static_cast<size_t>(place)]);
  }
}

TEST_CASE("evaluation: rare items and short histories are NumPy's") {
  const nn::TensorFile file = testing::fixture("ranking.safetensors");
  const auto ints = [&](const std::string& name) { return file.at("split." + name).ints(); };
  const testing::TemporaryFolder folder;
  std::ofstream lines(folder / "x.inter");
  lines << "timestamp:float\tuser_id:token\titem_id:token\n";
  for (int64_t i = 0; i < file.at("split.user").numel(); ++i)
    lines << ints("time")[i] << '\t' << ints("user")[i] << '\t' << ints("item")[i] << '\n';
  lines.close();
  const Interactions data = load_data(folder / "x.inter");

  const std::vector<bool> rare = rare_items(data);
  REQUIRE(static_cast<int64_t>(rare.size()) == file.at("split.rare").numel());
  for (size_t i = 0; i < rare.size(); ++i) CHECK(rare[i] == (ints("rare")[i] == 1));

  const std::vector<RankedUser> users =
      describe_ranked_users(data, ranked_users(data, Target::Test), Target::Test);
  REQUIRE(static_cast<int64_t>(users.size()) == file.at("split.short").numel());
  const std::vector<Split> splits = splits_of(users);
  REQUIRE(splits.size() == 4);
  const std::vector<std::string> names = {"rare", "frequent", "short", "long"};
  for (size_t s = 0; s < 4; ++s) CHECK(splits[s].name == names[s]);
  const auto belongs = [&](size_t split, size_t user) {
    const auto& members = splits[split].members;
    return std::binary_search(members.begin(), members.end(), user);
  };
  for (size_t i = 0; i < users.size(); ++i) {
    CAPTURE(i);
    CHECK(belongs(0, i) == rare[static_cast<size_t>(users[i].target)]);
    CHECK(belongs(1, i) != belongs(0, i));
    CHECK(belongs(2, i) == (ints("short")[i] == 1));
    CHECK(belongs(3, i) != belongs(2, i));
  }
}

TEST_CASE("evaluation: a split without users is left out") {
  const std::vector<RankedUser> alike = {{0, 1, 5, 2, false}, {1, 0, 5, 9, false}};
  const std::vector<Split> splits = splits_of(alike);
  REQUIRE(splits.size() == 2);
  CHECK(splits[0].name == "frequent");
  CHECK(splits[1].name == "short");
  CHECK(splits_of({}).empty());
}

TEST_CASE("evaluation: counts of the training parts, and of everything") {
  Interactions data;
  data.item_ids = {"a", "b", "c", "d"};
  data.user_ids = {"1", "2"};
  data.sequences = {{1, 0, 1, 2, 3}, {2, 0}};
  CHECK(item_counts(data, CountedPart::Training) == std::vector<int64_t>{2, 2, 1, 0});
  CHECK(item_counts(data, CountedPart::Everything) == std::vector<int64_t>{2, 2, 2, 1});
  // d is never in a training part, c once.
  CHECK(rare_items(data) == std::vector<bool>{false, false, true, true});
}

TEST_CASE("evaluation: the cutoffs hold 10, each once") {
  CHECK_NOTHROW(check(RankingConfig{}));
  CHECK_THROWS_WITH_AS(check(RankingConfig{.cutoffs = {5, 20}}), doctest::Contains("cutoffs: 10 is missing"),
                       ag::InputError);
  CHECK_THROWS_WITH_AS(check(RankingConfig{.cutoffs = {10, 10}}), doctest::Contains("twice"), ag::InputError);
}
