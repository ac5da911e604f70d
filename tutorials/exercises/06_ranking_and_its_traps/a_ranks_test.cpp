#include "06_ranking_and_its_traps/a_ranks.h"

#include <cmath>

#include "p2rec/evaluation/ranking.h"

using exercise::n06a::rank_of;

EXERCISE("06a", 5, "Ranks, HR and NDCG") {
  grade.part("the rank without ties", [&] {
    const std::vector<double> scores{0.1, 0.9, 0.5, 0.3};
    const std::vector<int64_t> got{rank_of(scores, 1, {}), rank_of(scores, 2, {}), rank_of(scores, 0, {})};
    if (!grade.equal("the rank of each of three items", got, {0, 1, 3})) {
      grade.check(got != std::vector<int64_t>{1, 2, 4}, "the target itself is counted");
      grade.check(got != std::vector<int64_t>{3, 2, 0}, "the largest score is first, not the smallest");
    }
  });
  grade.part("ties", [&] {
    const int64_t rank = rank_of({1, 1, 1, 1, 1}, 2, {});
    if (!grade.equal("the rank among five equal scores", {rank}, {4})) {
      grade.check(rank != 0,
                  "ties count for the target: a model that says the same of all items would be perfect");
      grade.check(rank != 2, "ties are broken by the item's number, which means nothing");
      grade.check(rank != 5, "the target ties with itself");
    }
  });
  grade.part("removed items", [&] {
    const std::vector<double> scores{0.9, 0.8, 0.7, 0.6, 0.5};
    const int64_t twice = rank_of(scores, 3, {0, 0, 4});
    if (!grade.equal("the rank with 0, 0 and 4 removed", {twice}, {2})) {
      grade.check(twice != 3, "the removed items are counted: the user has them already");
      grade.check(twice != 1, "item 0 is subtracted twice");
      grade.check(twice != 0, "item 4, which is after the target, is subtracted too");
    }
    grade.equal("the rank if the target is in the history", {rank_of(scores, 3, {3})}, {3});
    // Against the library's, on scores with many ties.
    const ag::Tensor drawn = exercise::normal("scores", {50});
    std::vector<double> coarse;
    for (const double x : drawn.values()) coarse.push_back(std::round(x));
    std::vector<int64_t> got, expected;
    const std::vector<int32_t> removed{3, 9, 27, 9};
    for (int32_t target = 0; target < 50; ++target) {
      got.push_back(rank_of(coarse, target, removed));
      expected.push_back(p2rec::rank_of_target(coarse, target, removed));
    }
    grade.equal("the rank of each of 50 items", got, expected);
  });
  grade.part("HR@K", [&] {
    const double hr = exercise::n06a::hit_rate({0, 4, 9, 10, 25}, 10);
    if (!grade.close("HR@10", hr, 0.6)) {
      grade.check(!exercise::is_close(hr, 0.8), "rank 10 is the eleventh place");
      grade.check(!exercise::is_close(hr, 3), "it is a mean over the users");
    }
    grade.close("HR@1", exercise::n06a::hit_rate({0, 1, 2, 3}, 1), 0.25);
  });
  grade.part("NDCG@K", [&] {
    const double ndcg = exercise::n06a::ndcg({0, 2, 10}, 10);
    if (!grade.close("NDCG@10", ndcg, 0.5)) {
      grade.check(!exercise::is_close(ndcg, (1 / std::log(2) + 1 / std::log(4)) / 3),
                  "the logarithm has base 2");
      grade.check(!std::isinf(ndcg), "rank 0 has gain 1 / log2(2)");
      grade.check(!exercise::is_close(ndcg, (1.5 + 1 / std::log2(12.0)) / 3),
                  "rank 10 is the eleventh place");
    }
    grade.close("NDCG@1", exercise::n06a::ndcg({0, 1}, 1), 0.5);
  });
}
