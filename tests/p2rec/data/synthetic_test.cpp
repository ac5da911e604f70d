// The synthetic data have the properties that the header states, so other tests can use them as the truth.
#include "p2rec/data/synthetic.h"

#include <map>
#include <numeric>
#include <set>
#include <sstream>

#include "p2rec/evaluation/ranking.h"
#include "p2rec/methods/p2rec/item_groups.h"
#include "p2rec/methods/p2rec/preferences.h"
#include "tests/testing.h"

using p2rec::Interactions;
using p2rec::make_synthetic;
using p2rec::SyntheticConfig;
using p2rec::Target;

namespace {

p2rec::ItemGroups true_groups(const Interactions& s) {
  p2rec::ItemGroups groups;
  groups.group_of = s.truth->item_group;
  groups.groups = static_cast<int32_t>(s.truth->user_preference.dim(1));
  return groups;
}

std::vector<std::string> words_of(const std::string& title) {
  std::istringstream in(title);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

std::vector<ag::real> popularity(const Interactions& data) {
  std::vector<ag::real> count(static_cast<size_t>(data.items()), 0);
  for (int64_t user = 0; user < data.users(); ++user) {
    for (int32_t item : p2rec::training_part(data, user)) count[size_t(item)] += 1;
  }
  return count;
}

// HR@10 of a scorer, which computes a user's scores from the training parts.
template <class Scorer>
double hit_rate(const Interactions& data, const Scorer& scores_of) {
  std::vector<int64_t> ranks;
  for (int64_t user = 0; user < data.users(); ++user) {
    if (!p2rec::has_target(data, user, Target::Test)) continue;
    const p2rec::Sequence history = p2rec::target_history(data, user, Target::Test);
    ranks.push_back(
        p2rec::rank_of_target(scores_of(user), p2rec::target_item(data, user, Target::Test), history));
  }
  return p2rec::metrics_from_ranks(ranks).at("HR@10");
}

}  // namespace

TEST_CASE("synthetic: sizes, ids, groups and sequences are as documented") {
  const Interactions s = make_synthetic({});
  const Interactions& data = s;
  CHECK(data.users() == 1600);
  CHECK(data.items() == 900);
  CHECK(data.source == "synthetic");
  CHECK(data.item_ids.front() == "1");
  CHECK(data.item_ids.back() == "900");
  CHECK(data.user_ids.back() == "1600");
  std::vector<int> size(8), expected(8, 112);
  for (int g = 0; g < 4; ++g) expected[size_t(g)] = 113;
  for (int32_t group : s.truth->item_group) ++size.at(size_t(group));
  CHECK(size == expected);  // 900 / 8

  size_t with_targets = 0;
  std::set<size_t> lengths;
  for (int64_t user = 0; user < data.users(); ++user) {
    const auto& sequence = data.sequences[size_t(user)];
    REQUIRE(!sequence.empty());
    CHECK(sequence.size() <= 450);
    CHECK(std::set<int32_t>(sequence.begin(), sequence.end()).size() == sequence.size());  // no repeats
    for (int32_t item : sequence) REQUIRE((item >= 0 && item < 900));
    with_targets += p2rec::has_target(data, user, p2rec::Target::Test);
    lengths.insert(sequence.size());
  }
  CHECK(with_targets >= 1520);
  CHECK(with_targets < 1600);  // some users have only a training part
  CHECK(lengths.size() > 20);
  const double mean = double(data.interactions()) / double(data.users());
  CHECK(mean > 8.5);
  CHECK(mean < 9.5);
}

TEST_CASE("synthetic: a pure function of its configuration, and of the user for the user's part") {
  const Interactions a = make_synthetic({}), b = make_synthetic({});
  CHECK(a.sequences == b.sequences);
  CHECK(a.titles == b.titles);
  CHECK(a.truth->user_preference.values() == b.truth->user_preference.values());
  SyntheticConfig other;
  other.seed = 2;
  const Interactions c = make_synthetic(other);
  CHECK(c.sequences != a.sequences);
  CHECK(c.truth->item_group != a.truth->item_group);
  SyntheticConfig fewer;
  fewer.users = 50;
  const Interactions d = make_synthetic(fewer);
  for (size_t user = 0; user < 50; ++user) CHECK(d.sequences[user] == a.sequences[user]);
}

TEST_CASE("synthetic: titles are distinct and contain words of their group only") {
  SyntheticConfig config;
  for (int64_t groups : {8, 12, 20}) {
    CAPTURE(groups);
    config.groups = groups;
    const Interactions s = make_synthetic(config);
    std::set<std::string> titles(s.titles.begin(), s.titles.end());
    CHECK(titles.size() == 900);
    std::map<std::string, std::set<int32_t>> groups_of_word;
    for (size_t item = 0; item < 900; ++item) {
      const std::vector<std::string> words = words_of(s.titles[item]);
      REQUIRE(words.size() >= 3);
      const std::string series =
          words.back();  // with more than twelve groups, the series shows which of a theme's groups it is
      groups_of_word[words[0] + (words.size() > 3 ? series : "")].insert(s.truth->item_group[item]);
      groups_of_word[words[1] + (words.size() > 3 ? series : "")].insert(s.truth->item_group[item]);
    }
    for (const auto& [word, of] : groups_of_word) {
      const auto& shown = word;
      CAPTURE(shown);
      CHECK(of.size() == 1);
    }
  }
}

TEST_CASE("synthetic: preferences are shares with few favourites, and users' items follow them") {
  const Interactions s = make_synthetic({});
  const Interactions& data = s;
  CHECK(s.truth->user_preference.shape() == ag::Shape{1600, 8});
  const ag::Tensor observed = p2rec::user_preferences(data, true_groups(s));
  double favourite_share = 0, same_favourite = 0, users = 0, explained = 0, variance = 0;
  for (int64_t user = 0; user < 1600; ++user) {
    const ag::real *truth = s.truth->user_preference.data() + user * 8, *seen = observed.data() + user * 8;
    CHECK(std::accumulate(truth, truth + 8, 0.0) == doctest::Approx(1));
    if (p2rec::training_part(data, user).size() < 10) continue;
    users += 1;
    favourite_share += *std::max_element(truth, truth + 8);
    same_favourite += std::max_element(truth, truth + 8) - truth == std::max_element(seen, seen + 8) - seen;
    for (int k = 0; k < 8; ++k) {
      explained += (truth[k] - 0.125) * (seen[k] - 0.125);
      variance += (truth[k] - 0.125) * (truth[k] - 0.125);
    }
  }
  CHECK(favourite_share / users > 0.35);  // of eight groups
  CHECK(same_favourite / users > 0.4);    // from ten items or more; by chance 1/8
  CHECK(explained / variance > 0.5);      // the slope of observed over true shares; by chance 0
  CHECK(explained / variance < 1);
}

TEST_CASE("synthetic: the next group is mostly the same or one fixed successor") {
  const Interactions s = make_synthetic({});
  std::vector<std::vector<double>> steps(8, std::vector<double>(8));
  for (const auto& sequence : s.sequences) {
    for (size_t t = 1; t < sequence.size(); ++t) {
      steps[size_t(s.truth->item_group[size_t(sequence[t - 1])])]
           [size_t(s.truth->item_group[size_t(sequence[t])])] += 1;
    }
  }
  std::set<size_t> successors;
  for (size_t g = 0; g < 8; ++g) {
    std::vector<double> others = steps[g];
    CHECK(steps[g][g] > 0.25 * std::accumulate(others.begin(), others.end(), 0.0));
    others[g] = 0;
    const auto successor = size_t(std::max_element(others.begin(), others.end()) - others.begin());
    CHECK(others[successor] > 0.25 * std::accumulate(steps[g].begin(), steps[g].end(), 0.0));
    successors.insert(successor);
    others[successor] = 0;
    CHECK(steps[g][successor] > 2 * *std::max_element(others.begin(), others.end()));
  }
  CHECK(successors.size() == 8);  // one cycle through all groups
}

TEST_CASE("synthetic: popularity beats a constant, and the order beats popularity") {
  const Interactions data = make_synthetic({});
  const auto items = static_cast<size_t>(data.items());
  const std::vector<ag::real> count = popularity(data);
  // The number of times that an item followed the last one; popularity breaks ties.
  std::vector<std::vector<ag::real>> follows(items, std::vector<ag::real>(items));
  for (int64_t user = 0; user < data.users(); ++user) {
    const p2rec::Sequence part = p2rec::training_part(data, user);
    for (size_t t = 1; t < part.size(); ++t) follows[size_t(part[t - 1])][size_t(part[t])] += 1;
  }
  const double constant = hit_rate(data, [&](int64_t) { return std::vector<ag::real>(items, 1); });
  const double popular = hit_rate(data, [&](int64_t) { return count; });
  const double order = hit_rate(data, [&](int64_t user) {
    std::vector<ag::real> scores = follows[size_t(p2rec::target_history(data, user, Target::Test).back())];
    for (size_t i = 0; i < items; ++i) scores[i] += ag::real(1e-4) * count[i];
    return scores;
  });
  INFO("HR@10: constant ", constant, ", popularity ", popular, ", first-order Markov chain ", order);
  CHECK(constant < 0.08);
  CHECK(popular > 1.3 * constant);
  CHECK(order > 1.2 * popular);
}

TEST_CASE("synthetic: small and odd sizes work, impossible ones are errors") {
  SyntheticConfig tiny{1, 6, 1, 3, 7};
  const Interactions s = make_synthetic(tiny);
  CHECK(s.users() == 1);
  CHECK(s.truth->user_preference.values() == std::vector<ag::real>{1});
  CHECK(make_synthetic({30, 7, 7, 3.5, 1}).items() == 7);
  CHECK(make_synthetic({30, 100, 3, 50, 1}).users() == 30);  // sequences longer than a group

  CHECK_THROWS_AS(make_synthetic({0, 240, 8, 24, 1}), ag::InputError);
  CHECK_THROWS_WITH_AS(make_synthetic({10, 5, 8, 3, 1}), doctest::Contains("8 groups of 5 items"),
                       ag::InputError);
  CHECK_THROWS_AS(make_synthetic({10, 20, 0, 5, 1}), ag::InputError);
  CHECK_THROWS_AS(make_synthetic({10, 20, 2, 2, 1}), ag::InputError);
  CHECK_THROWS_WITH_AS(make_synthetic({10, 20, 2, 11, 1}), doctest::Contains("half of the items"),
                       ag::InputError);
  CHECK_THROWS_AS(make_synthetic({10, 20, 2, NAN, 1}), ag::InputError);
}
