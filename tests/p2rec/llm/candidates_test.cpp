// Candidate lists: what is in them, where the target is, and how they are ranked.
#include "p2rec/llm/candidates.h"

#include <algorithm>
#include <set>

#include "models/recommenders/popularity.h"
#include "models/tokenizers/byte_tokenizer.h"
#include "p2rec/data/synthetic.h"
#include "tests/testing.h"

using namespace p2rec;
using ag::Tensor;

namespace {

Interactions small_data() {
  return make_synthetic({.users = 60, .items = 60, .groups = 4, .mean_length = 12});
}

}  // namespace

TEST_CASE("candidates: the target and items that are not in the history, each once, in random order") {
  const Interactions data = small_data();
  const std::vector<CandidateList> lists = candidate_lists(data, Target::Test, {.count = 15, .users = 0});
  CHECK(lists.size() > 40);
  std::set<int32_t> places;
  for (const CandidateList& list : lists) {
    const Sequence history = target_history(data, list.user, Target::Test);
    CHECK(list.items.size() == 15);
    CHECK(std::set<int32_t>(list.items.begin(), list.items.end()).size() == 15);
    CHECK(list.items[static_cast<size_t>(list.place)] == target_item(data, list.user, Target::Test));
    for (const int32_t item : list.items) CHECK(std::ranges::count(history, item) == 0);
    places.insert(list.place);
  }
  CHECK(places.size() > 10);  // of 15: the target's place tells nothing
}

TEST_CASE("candidates: the seed determines them, and a sample of users has the lists that they have anyway") {
  const Interactions data = small_data();
  const auto all = candidate_lists(data, Target::Test, {.count = 20, .users = 0}),
             some = candidate_lists(data, Target::Test, {.count = 20, .users = 10}),
             others = candidate_lists(data, Target::Test, {.count = 20, .users = 10, .seed = 2});
  CHECK(some.size() == 10);
  for (size_t i = 0; i < some.size(); ++i) {
    const auto same = std::ranges::find(all, some[i].user, &CandidateList::user);
    REQUIRE(same != all.end());
    CHECK(same->items == some[i].items);
    CHECK(others[i].user == some[i].user);
    CHECK(others[i].items != some[i].items);
  }
}

TEST_CASE("candidates: too few items are refused by the option's name") {
  CHECK_THROWS_WITH_AS(CandidateSampler(10, 11, 1),
                       doctest::Contains("candidates: found 11, but there are only 10 items"),
                       ag::InputError);
  const std::vector<int32_t> history = {0, 1, 2, 2, 3};
  const CandidateSampler sampler(10, 7, 1);
  CHECK_THROWS_WITH_AS(sampler.draw(0, 9, history), doctest::Contains("a history of 4 items leaves only 6"),
                       ag::InputError);
  // A target that is in its history, as in data with repeats, is a candidate all the same.
  const std::vector<int32_t> list = sampler.draw(0, 3, history);
  CHECK(std::ranges::count(list, 3) == 1);
}

TEST_CASE("ranks in lists: the number of better candidates, and ties count against the target") {
  const std::vector<CandidateList> lists = {{0, {7, 8, 9}, 1}, {1, {4, 5, 6}, 0}, {2, {1, 2, 3}, 2}};
  const Tensor scores = Tensor::from({3, 3}, {0.5, 0.25, 0.75, 0.5, 0.5, 0.25, 0.5, 0.25, 0.75});
  CHECK(ranks_in_lists(lists, scores) == std::vector<int64_t>{2, 1, 0});
}

TEST_CASE("a recommender scores the candidates in their order") {
  const Interactions data = small_data();
  const std::vector<int64_t> counts = item_counts(data, CountedPart::Training);
  const auto lists = candidate_lists(data, Target::Test, {.count = 6, .users = 5});
  const Tensor scores = recommender_scores(models::Popularity(counts), data, lists, Target::Test);
  for (size_t i = 0; i < lists.size(); ++i) {
    for (size_t c = 0; c < 6; ++c)
      CHECK(scores.data()[i * 6 + c] ==
            static_cast<ag::real>(counts[static_cast<size_t>(lists[i].items[c])]));
  }
}

TEST_CASE("items in words: titles, or ids without one; their tokens begin with a blank") {
  Interactions data;
  data.item_ids = {"10", "11"};
  data.titles = {"Kolya", ""};
  CHECK(item_texts(data, std::vector<int32_t>{0, 1}) == "Kolya; 11");
  const models::ByteTokenizer tokenizer;
  const TitleTokens tokens = title_tokens(data, tokenizer, tokenizer.vocabulary());
  CHECK(tokenizer.decode(tokens[0]) == " Kolya");
  CHECK(tokenizer.decode(tokens[1]) == " 11");
  CHECK_THROWS_AS(title_tokens(data, tokenizer, 40), ag::InputError);
}
