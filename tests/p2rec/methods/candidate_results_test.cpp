// The results of ranked candidate lists, and the report's example.
#include "p2rec/methods/common/candidate_results.h"

#include <cmath>

#include "nn/io/json.h"
#include "p2rec/data/synthetic.h"
#include "tests/p2rec/cli/shell.h"
#include "tests/testing.h"

using namespace p2rec;
using ag::Tensor;

namespace {

Interactions small_data() {
  return make_synthetic({.users = 40, .items = 40, .groups = 4, .mean_length = 12});
}

// (lists, n): the target's score is below that of `before` other candidates.
Tensor scores_with_rank(const std::vector<CandidateList>& lists, int64_t before) {
  const int64_t n = std::ssize(lists.at(0).items);
  Tensor scores = Tensor::zeros({std::ssize(lists), n});
  for (int64_t i = 0; i < std::ssize(lists); ++i) {
    const int64_t place = lists[static_cast<size_t>(i)].place;
    int64_t better = 0;
    for (int64_t c = 0; c < n; ++c) {
      if (c != place) scores.data()[i * n + c] = better++ < before ? 2 : 0;
    }
    scores.data()[i * n + place] = 1;
  }
  return scores;
}

}  // namespace

TEST_CASE("candidate results: HR@1, HR@5 and NDCG@5, one number per user and arm") {
  const Interactions data = small_data();
  const auto lists = candidate_lists(data, Target::Test, {.count = 10, .users = 12});
  const Results results = candidate_results(data, lists,
                                            {{{"first", "", true}, scores_with_rank(lists, 0)},
                                             {{"third", ""}, scores_with_rank(lists, 2)},
                                             {{"last", ""}, scores_with_rank(lists, 9)}},
                                            "third", 1);
  CHECK(results.measures == std::vector<std::string>{"HR@1", "HR@5", "NDCG@5"});
  for (const auto& values : results.rows[0].values) CHECK(values.size() == 12);
  const Summary s = summarise(results);
  const auto means = [&](const char* arm) { return s.find(arm)->seeds[0].means[0]; };
  CHECK(means("first") == std::vector<double>{1, 1, 1});
  CHECK(means("third") == std::vector<double>{0, 1, 0.5});
  CHECK(means("last") == std::vector<double>{0, 0, 0});
  CHECK(s.find("first")->differences[0][s.main_measure()].mean == doctest::Approx(0.5));
  CHECK(s.find("third")->differences.empty());
  CHECK(
      testing::contains(s.note, "a random order of 10 candidates: HR@1 0.1000, HR@5 0.5000, NDCG@5 0.2948"));
  CHECK(testing::contains(summary_table(s), "HR@1"));
}

TEST_CASE("chance: the expected measures of a random order") {
  const std::vector<double> found = chance(20);
  double ndcg = 0;
  for (int rank = 0; rank < 5; ++rank) ndcg += 1 / std::log2(rank + 2) / 20;
  CHECK(found[0] == doctest::Approx(0.05));
  CHECK(found[1] == doctest::Approx(0.25));
  CHECK(found[2] == doctest::Approx(ndcg));
}

TEST_CASE("the example of a report: prompt, target, and the candidates with their scores, best first") {
  Interactions data;
  data.user_ids = {"7"};
  data.item_ids = {"a", "b", "c", "d"};
  data.titles = {"A & B", "", "C", "D"};
  const CandidateList list{0, {3, 0, 1}, 1};
  const nn::OrderedJson found =
      describe_ranked_list(data, list, "next <i>:", Tensor::from({3}, {-3, -2, -1}));
  CHECK(found["user"] == "7");
  CHECK(found["target"]["item"] == "a");
  REQUIRE(found["candidates"].size() == 3);
  CHECK(found["candidates"][0]["item"] == "b");
  CHECK(found["candidates"][2]["score"] == -3);
  const std::string html = ranked_list_html({found, "test"});
  CHECK(testing::contains(html, "<pre>next &lt;i&gt;:</pre>"));
  CHECK(testing::contains(
      html, "<li class=\"marked\"><div><bdi>A &amp; B</bdi> <span class=\"count\">-2.000, target"));
  CHECK(testing::contains(html, "item b"));
}
