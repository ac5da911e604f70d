// LLM2LLM on P2Rec's task: texts of sequences, sub-sequences, the users with large errors, and the split.
#include "p2rec/methods/llm2llm/users.h"

#include <algorithm>
#include <set>

#include "p2rec/data/synthetic.h"
#include "tests/testing.h"

using namespace p2rec;

TEST_CASE("a sequence as a text of ids, and back") {
  Interactions data;
  data.item_ids = {"7", "a b", "12"};
  const std::vector<int32_t> items = {2, 1, 2};
  CHECK(text_of(items, data) == TextPair{"12\ta b\t12", ""});
  CHECK(items_of(text_of(items, data), data) == items);
}

TEST_CASE("a sub-sequence is half of the items in their order") {
  std::vector<int32_t> items;
  for (int32_t i = 0; i < 9; ++i) items.push_back(10 * i);
  std::set<std::vector<int32_t>> different;
  for (uint32_t step = 0; step < 20; ++step) {
    const std::vector<int32_t> half = sub_sequence(items, {1, step, ag::stream("seed users")});
    CHECK(half.size() == 5);
    CHECK(std::is_sorted(half.begin(), half.end()));
    CHECK(std::ranges::includes(items, half));
    different.insert(half);
  }
  CHECK(different.size() > 10);
}

TEST_CASE("the users with the largest errors: a share of them, at least one, the first of equal ones") {
  CHECK(not_hard({1, 5, 2, 5, 3}, 0.4) == std::vector<bool>{true, false, true, false, true});
  CHECK(not_hard({1, 5, 2, 5, 3}, 0.2) == std::vector<bool>{true, false, true, true, true});
  CHECK(not_hard({4, 1}, 0.01) == std::vector<bool>{false, true});
}

TEST_CASE("with_sequences: the held-out users, then a training user for each sequence, with all its items") {
  const Interactions data =
      make_synthetic({.users = 200, .items = 30, .groups = 3, .mean_length = 9, .seed = 5});
  const std::vector<int64_t> heldout = split_users(data).heldout;
  REQUIRE(heldout.size() > 5);
  std::vector<std::vector<int32_t>> sequences;
  for (int32_t i = 0; i < 50; ++i) sequences.push_back({i % 30, 3, 5});
  const Interactions made = with_sequences(data, sequences);
  const UserSplit split = split_users(made);
  REQUIRE(split.heldout.size() == heldout.size());
  REQUIRE(split.users.size() == sequences.size());
  for (size_t i = 0; i < heldout.size(); ++i) {
    CHECK(split.heldout[i] == static_cast<int64_t>(i));
    CHECK(std::ranges::equal(training_part(made, split.heldout[i]), training_part(data, heldout[i])));
  }
  for (size_t i = 0; i < sequences.size(); ++i)
    CHECK(std::ranges::equal(training_part(made, split.users[i]), sequences[i]));
}
