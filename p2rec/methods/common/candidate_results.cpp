#include "p2rec/methods/common/candidate_results.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "models/recommenders/popularity.h"
#include "nn/io/json.h"
#include "p2rec/evaluation/ranked_users.h"
#include "p2rec/methods/common/language_model.h"
#include "p2rec/methods/common/report_items.h"
#include "p2rec/methods/common/stages.h"
#include "p2rec/report/text.h"

namespace p2rec {
namespace {

using ag::Tensor;

constexpr const char* kTeacherArm = "teacher";  // the arm

struct GainOf {
  Measure measure;
  int cutoff;
  std::string name() const { return fmt::format("{}@{}", name_of(measure), cutoff); }
};
constexpr GainOf kGains[] = {{Measure::HR, 1}, {Measure::HR, 5}, {Measure::NDCG, 5}};

// (measures, lists)
UnitValues gains_of(const std::vector<int64_t>& ranks) {
  UnitValues values;
  for (const GainOf& g : kGains) {
    std::vector<double>& of_measure = values.emplace_back();
    for (const int64_t rank : ranks) of_measure.push_back(gain(g.measure, rank, g.cutoff));
  }
  return values;
}

std::vector<RankedUser> users_of(const Interactions& data, const std::vector<CandidateList>& lists) {
  std::vector<int64_t> users;
  for (const CandidateList& list : lists) users.push_back(list.user);
  return describe_ranked_users(data, users, Target::Test);
}

}  // namespace

void check_candidate_ranking(const Context& context) {
  const Interactions& data = context.data();
  INPUT_CHECK(!data.titles.empty(), data.source,
              ": has no titles, but the language model ranks by titles; hint: the method p2rec needs none");
  check_language_model(context, {.items_as = ItemsAs::Titles});
  const auto& config = context.config<CandidateConfig>("candidates");
  CandidateSampler(data.items(), config.count, config.seed);
}

std::vector<ScoredArm> floor_arms(const Context& context, const std::vector<CandidateList>& lists,
                                  Target target) {
  const Interactions& data = context.data();
  const models::Popularity popularity(item_counts(data, CountedPart::Training));
  return {{{kTeacherArm, "the recommender on ids by itself"},
           recommender_scores(*teacher_model(context), data, lists, target)},
          {{"popularity", "the number of each item's interactions: a lower bound"},
           recommender_scores(popularity, data, lists, target)}};
}

std::vector<double> chance(int64_t n) {
  std::vector<int64_t> ranks(static_cast<size_t>(n));
  std::iota(ranks.begin(), ranks.end(), int64_t{0});
  std::vector<double> means;
  for (const std::vector<double>& values : gains_of(ranks))
    means.push_back(std::reduce(values.begin(), values.end()) / static_cast<double>(n));
  return means;
}

Results candidate_results(const Interactions& data, const std::vector<CandidateList>& lists,
                          const std::vector<ScoredArm>& arms, const std::string& baseline, uint64_t seed) {
  const int64_t n = std::ssize(lists.at(0).items);
  const std::vector<double> by_chance = chance(n);
  Results results;
  results.about = fmt::format(
      "Each user’s last item is ranked among {} others: HR@K is the share of users whose item is among the "
      "first K; NDCG@5 is higher the nearer the item is to the top.",
      n - 1);
  results.note = fmt::format("a random order of {} candidates: HR@1 {:.4f}, HR@5 {:.4f}, NDCG@5 {:.4f}", n,
                             by_chance[0], by_chance[1], by_chance[2]);
  results.unit = "user";
  for (const GainOf& g : kGains) results.measures.push_back(g.name());
  results.headline = results.measures;
  results.baseline = baseline;
  results.splits = splits_of(users_of(data, lists));
  for (const ScoredArm& arm : arms) {
    results.arms.push_back(arm);
    results.rows.push_back({arm.name, seed, {}, gains_of(ranks_in_lists(lists, arm.scores))});
  }
  return results;
}

void record_candidate_results(const Context& context, const std::vector<CandidateList>& lists,
                              std::vector<ScoredArm> arms, const std::string& baseline) {
  for (ScoredArm& arm : floor_arms(context, lists, Target::Test)) arms.push_back(std::move(arm));
  std::vector<RanksColumn> columns;
  for (const ScoredArm& arm : arms)
    columns.push_back({fmt::format("{}-{}", arm.name, context.seed()), ranks_in_lists(lists, arm.scores)});
  write_ranks(context.output("ranks.tsv"), context.data(), users_of(context.data(), lists), columns);
  Results results = candidate_results(context.data(), lists, arms, baseline, context.seed());
  std::ranges::find(results.rows, kTeacherArm, &ResultRow::arm)->doubt = teacher_doubt(context);
  context.record(summarise(results));
}

nn::OrderedJson describe_ranked_list(const Interactions& data, const CandidateList& list,
                                     const std::string& prompt, const Tensor& scores) {
  std::vector<size_t> order(list.items.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, std::greater(), [&](size_t i) { return scores.data()[i]; });
  nn::OrderedJson candidates = nn::OrderedJson::array();
  for (const size_t i : order) {
    candidates.push_back(shown_item(data, list.items[i]));
    candidates.back()["score"] = scores.data()[i];
  }
  return {{"user", data.user_ids[static_cast<size_t>(list.user)]},
          {"prompt", prompt},
          {"target", shown_item(data, list.items[static_cast<size_t>(list.place)])},
          {"candidates", candidates}};
}

std::string ranked_list_html(const nn::OrderedJsonReader& described) {
  std::string rows;
  for (const auto& candidate : described["candidates"].list()) {
    const bool target = candidate["item"].string() == described["target"]["item"].string();
    rows += listed_item(
        candidate, fmt::format("{:.3f}{}", candidate["score"].number(), target ? ", target" : ""), target);
  }
  return fmt::format(
      R"(<p>The prompt of user {}, the first ranked user; the choice does not depend on results.</p>
<pre>{}</pre>
<p>The candidates with their scores, the best one first. The target is the held-out item.</p>
<ol>
{}</ol>
)",
      escaped(described["user"].string()), escaped(described["prompt"].string()), rows);
}

}  // namespace p2rec
