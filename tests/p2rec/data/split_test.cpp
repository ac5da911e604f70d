// Filters and splits: what they keep, and that written data are read again.
#include "p2rec/data/split.h"

#include <fstream>

#include "p2rec/data/load_data.h"
#include "p2rec/data/rows.h"
#include "p2rec/data/write_interactions.h"
#include "tests/testing.h"

using namespace p2rec;

namespace {

struct Event {
  const char *user, *item;
  int64_t time;
  float rating = 0;
};

Rows rows_of(const std::vector<Event>& events) {
  Rows rows;
  for (const Event& e : events) {
    rows.user.push_back(rows.users.add(e.user));
    rows.item.push_back(rows.items.add(e.item));
    rows.time.emplace_back(e.time, 0);
    rows.rating.push_back(e.rating);
  }
  return rows;
}

std::string text_of(const Interactions& data) {
  std::string text;
  for (size_t u = 0; u < data.sequences.size(); ++u) {
    text += data.user_ids[u] + ":";
    const UserParts parts = parts_of(data, static_cast<int64_t>(u));
    for (size_t i = 0; i < data.sequences[u].size(); ++i) {
      text += static_cast<int32_t>(i) == parts.history    ? "|"
              : static_cast<int32_t>(i) == parts.training ? "/"
                                                          : "";
      text += data.item_ids[static_cast<size_t>(data.sequences[u][i])];
    }
    text += " ";
  }
  return text;
}

std::string filtered(const std::vector<Event>& events, const DataConfig& config,
                     std::string* said = nullptr) {
  Rows rows = rows_of(events);
  filter_rows(rows, config);
  if (said) *said = rows.facts.back().second;
  return text_of(build_interactions(std::move(rows), config));
}

const DataConfig kTemporal{.split = SplitRule::Temporal, .validation_cut = 0.5, .test_cut = 0.8};

}  // namespace

TEST_CASE("filters: the k-core is repeated for users and items until nothing changes") {
  // Item x has two users until u3, who has only one interaction with a kept
  // item, is removed; then u2 has one left.
  const std::vector<Event> events = {{"u1", "a", 1}, {"u1", "b", 2}, {"u2", "b", 3}, {"u2", "x", 4},
                                     {"u3", "x", 5}, {"u4", "a", 6}, {"u4", "b", 7}, {"u3", "y", 8}};
  std::string said;
  CHECK(filtered(events, {.k_core = 2}, &said) == "u1:ab u4:ab ");
  CHECK(said == "k-core 2: interactions 8 -> 4, users 4 -> 2, items 4 -> 2");
  CHECK(filtered(events, {.k_core = 1}) == "u1:ab u2:bx u3:xy u4:ab ");
  CHECK_THROWS_WITH_AS(filtered(events, {.k_core = 3}), doctest::Contains("k-core 3 leaves nothing of 8"),
                       ag::InputError);
}

TEST_CASE("filters: low ratings are removed before the k-core is found") {
  const std::vector<Event> events = {
      {"1", "a", 1, 4}, {"1", "b", 2, 3.5f}, {"2", "a", 3, 5}, {"2", "b", 4, 4.5f}, {"1", "c", 5, 5}};
  std::string said;
  CHECK(filtered(events, {.min_rating = 4}, &said) == "1:ac 2:ab ");
  CHECK(said == "min-rating 4: interactions 5 -> 4, users 2 -> 2, items 3 -> 3");
  CHECK_THROWS_WITH_AS(filtered(events, {.min_rating = 4, .k_core = 2}),
                       doctest::Contains("k-core 2 leaves nothing of 4"), ag::InputError);
  CHECK_THROWS_WITH_AS(filtered(events, {.min_label = 1}),
                       doctest::Contains("min-label: found 1, but the data have no column of labels"),
                       ag::InputError);
}

TEST_CASE("filters: labels of 0 and 1 are refused until an option says what a 0 means") {
  const testing::TemporaryFolder folder;
  std::ofstream(folder / "mind.inter")
      << "user_id:token\titem_id:token\tlabel:float\ttimestamp:float\n1\t3\t1\t10\n1\t4\t0\t11\n"
         "1\t5\t1\t12\n1\t6\t0\t13\n2\t3\t0\t1\n2\t4\t1\t2\n2\t9\t1\t3\n";
  DataConfig config{.name = (folder / "mind.inter").string()};
  CHECK_THROWS_WITH_AS(load_data(config),
                       doctest::Contains("the label of 3 interactions is 0, of all others 1"),
                       ag::InputError);
  config.min_label = 1;
  CHECK(text_of(load_data(config)) == "1:35 2:49 ");
  config.min_label = 0;
  CHECK(text_of(load_data(config)) == "1:34/5|6 2:3/4|9 ");
  std::ofstream(folder / "mind.inter") << "user_id:token\titem_id:token\tlabel:float\n1\t3\t1\n1\t4\t1\n";
  config.min_label = -INFINITY;
  CHECK(text_of(load_data(config)) == "1:34 ");
}

TEST_CASE("split: temporal, one cut in time for each target") {
  // Ten interactions: half of them happened up to time 5, eight up to time 8.
  const std::vector<Event> events = {
      {"1", "a", 1}, {"1", "b", 3},  {"1", "c", 6},
      {"1", "d", 7}, {"1", "e", 9},   // both targets, c and e; d is history of e only
      {"2", "a", 2}, {"2", "b", 10},  // no validation target
      {"3", "a", 4}, {"3", "c", 8},   // no test target
      {"4", "a", 5}};
  Rows rows = rows_of(events);
  const Interactions data = build_interactions(rows_of(events), kTemporal);
  CHECK(text_of(data) == "1:ab/cd|e 2:a|b 3:a/c 4:a ");
  const auto has = [&](int64_t user) {
    return std::pair(has_target(data, user, Target::Validation), has_target(data, user, Target::Test));
  };
  CHECK(has(0) == std::pair(true, true));
  CHECK(has(1) == std::pair(false, true));
  CHECK(has(2) == std::pair(true, false));
  CHECK(has(3) == std::pair(false, false));
  CHECK(training_part(data, 0).size() == 2);
  CHECK(target_history(data, 0, Target::Validation).size() == 2);
  CHECK(target_history(data, 0, Target::Test).size() == 4);
  CHECK(data.item_ids[size_t(target_item(data, 0, Target::Validation))] == "c");
  CHECK(data.item_ids[size_t(target_item(data, 0, Target::Test))] == "e");
  const auto said = data.facts.back().second;
  CHECK(said ==
        "temporal: validation after the time 5 (share 0.5), test after 8 (share 0.8); users with a "
        "validation target: 2, "
        "with a test target: 2; left out: interactions after the test target: 0, users with nothing before "
        "it: 0");
}

TEST_CASE(
    "split: items after the test target are left out, and users without items before a cut have no target") {
  const std::vector<Event> events = {
      {"1", "a", 1},  {"1", "b", 6},  {"1", "c", 9},  {"1", "d", 10},  // d is removed
      {"2", "a", 2},  {"2", "b", 3},  {"2", "a", 4},  {"2", "c", 5},
      {"3", "b", 7},  {"3", "c", 8},  {"3", "a", 10},  // nothing before the first cut
      {"4", "z", 11}, {"4", "z", 12},                  // nothing at all before the second
      {"5", "a", 6},  {"5", "b", 12}};
  const DataConfig config{.split = SplitRule::Temporal, .validation_cut = 0.3, .test_cut = 0.6};
  const Interactions data = build_interactions(rows_of(events), config);
  CHECK(text_of(data) == "1:a/b|c 2:abac 3:/bc|a 5:/a|b ");
  CHECK_FALSE(has_target(data, 2, Target::Validation));
  CHECK(has_target(data, 2, Target::Test));
  CHECK(training_part(data, 2).empty());
  CHECK_THROWS_AS(target_item(data, 2, Target::Validation), ag::Error);
  CHECK(data.facts.back().second.ends_with(
      "left out: interactions after the test target: 3, users with nothing before it: 1"));
  // A stage that sees the validation targets does not see what comes after them.
  const Interactions validation = hide_targets(data, Sees::Validation);
  CHECK(target_item(validation, 0, Target::Validation) == target_item(data, 0, Target::Validation));
  CHECK_THROWS_AS(target_item(validation, 0, Target::Test), ag::Error);
  CHECK_THROWS_AS(target_history(validation, 2, Target::Test), ag::Error);
  CHECK_THROWS_AS(target_item(hide_targets(data, Sees::Training), 0, Target::Validation), ag::Error);
  CHECK(item_counts(validation, CountedPart::Training) == item_counts(data, CountedPart::Training));
}

TEST_CASE("split: times are compared with all 19 digits, and equal ones are on the same side") {
  const int64_t t = 1600000000000000110;
  const Interactions data =
      build_interactions(rows_of({{"1", "c", t + 20},
                                  {"1", "b", t + 10},
                                  {"1", "a", t},
                                  {"2", "a", t},
                                  {"2", "b", t + 10},
                                  {"2", "c", t + 20}}),
                         {.split = SplitRule::Temporal, .validation_cut = 0.2, .test_cut = 0.5});
  CHECK(text_of(data) == "1:a/b|c 2:a/b|c ");
}

TEST_CASE("split: temporal needs times, targets and cuts in order") {
  Rows untimed = rows_of({{"1", "a", 1}});
  untimed.time.clear();
  CHECK_THROWS_WITH_AS(build_interactions(std::move(untimed), kTemporal),
                       doctest::Contains("split: found temporal, but the data have no times"),
                       ag::InputError);
  CHECK_THROWS_WITH_AS(build_interactions(rows_of({{"1", "a", 1}, {"2", "b", 2}}), kTemporal),
                       doctest::Contains("leaves users with a validation target: 0"), ag::InputError);
  CHECK_THROWS_WITH_AS(check(DataConfig{.validation_cut = 0.9, .test_cut = 0.8}),
                       doctest::Contains("expected less than test-cut"), ag::InputError);
  CHECK_THROWS_WITH_AS(load_data(DataConfig{.k_core = 5}),
                       doctest::Contains("synthetic data have no columns"), ag::InputError);
}

TEST_CASE("convert: written data are read as the same data") {
  const testing::TemporaryFolder folder;
  const std::vector<Event> events = {
      {"1", "a", 1, 2.5f}, {"1", "b", 3, 1},     {"1", "c", 6, 3}, {"1", "d", 7, 4}, {"1", "e", 9, 5},
      {"2", "a", 2, 1},    {"2", "b", 10, 0.1f}, {"3", "a", 4, 1}, {"3", "c", 8, 1}, {"4", "a", 5, 1}};
  for (const SplitRule rule : {SplitRule::LeaveOneOut, SplitRule::Temporal}) {
    DataConfig config = kTemporal;
    config.split = rule;
    Interactions data = build_interactions(rows_of(events), config);
    data.titles = {"A", "", "tab\there", "D", "\xC3\x89"};
    const std::string name = rule == SplitRule::Temporal ? "triple" : "one";
    write_interactions(folder / name, data);
    CHECK(std::filesystem::exists(folder / name /
                                  (name + (rule == SplitRule::Temporal ? ".test.inter" : ".inter"))));
    const Interactions again = load_data((folder / name).string());
    CHECK(text_of(again) == text_of(data));
    CHECK(again.times == data.times);
    CHECK(again.ratings == data.ratings);
    data.titles[2] = "tab here";
    CHECK(again.titles == data.titles);
    const DataHashes before = hashes_of(data), after = hashes_of(again);
    CHECK(before.training == after.training);
    CHECK(before.validation == after.validation);
    CHECK(before.test == after.test);
    CHECK_THROWS_WITH_AS(write_interactions(folder / name, data), doctest::Contains("is there already"),
                         ag::InputError);
  }
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) ==
        2);  // no temporary file is left
}
