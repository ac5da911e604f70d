// The report's example users do not depend on results. They have the
// recommender's list, and the target's ranks.
#include "p2rec/methods/common/user_examples.h"

#include "models/recommenders/popularity.h"
#include "nn/io/json.h"
#include "tests/testing.h"

using namespace p2rec;

TEST_CASE("users: the first three, with top 10 and the target's places by the recommenders of one seed") {
  Interactions data;
  data.user_ids = {"10", "11", "12", "13"};
  data.item_ids = {"a", "b", "c", "d", "e"};
  data.titles = {"A", "", "C", "D", "E"};
  data.sequences = {{0, 1, 2, 3}, {1, 2, 0, 1}, {2, 3, 4, 0}, {3, 0, 1, 2}};
  const models::Popularity model(item_counts(data, CountedPart::Training));  // a to d count 2, e counts 0
  const auto users = describe_ranked_users(data, ranked_users(data, Target::Test), Target::Test);
  const std::vector<RanksColumn> columns = {
      {"ours-1", {0, 4, 2, 3}}, {"ours-11", {9, 9, 9, 9}}, {"random-1", {7, 6, 5, 4}}};
  const nn::OrderedJson found = describe_users({"ours-1", model}, data, users, columns, true);
  CHECK(found["recommender"] == "ours-1");
  REQUIRE(found["users"].size() == 3);
  CHECK(found["users"][0]["user"] == "10");
  CHECK(found["users"][2]["user"] == "12");

  const nn::OrderedJson& user = found["users"][1];
  CHECK(user["history"] == 3);
  CHECK(user["latest"][2]["item"] == "a");
  CHECK(user["target"]["item"] == "b");
  REQUIRE(user["places"].size() == 2);
  CHECK(user["places"][0]["place"] == 5);
  CHECK(user["places"][1]["recommender"] == "random-1");
  CHECK(user["places"][1]["place"] == 7);
  // Without the history, but with the target, although it is in the history.
  REQUIRE(user["top"].size() == 3);
  CHECK(user["top"][0]["title"] == "D");
  CHECK(user["top"][1]["item"] == "b");
  CHECK(user["top"][2]["item"] == "e");
  CHECK(describe_users({"ours-1", model}, data, users, columns, false)["users"][1]["top"].size() == 5);
}

TEST_CASE("users: of a long history the last eight items are shown") {
  Interactions data;
  data.user_ids = {"1"};
  for (int32_t item = 0; item < 12; ++item) {
    data.item_ids.push_back(std::to_string(item));
    if (item == 0) data.sequences.emplace_back();
    data.sequences[0].push_back(item);
  }
  const models::Popularity model(item_counts(data, CountedPart::Training));
  const auto users = describe_ranked_users(data, ranked_users(data, Target::Test), Target::Test);
  const auto found = describe_users({"ours-1", model}, data, users, {}, true);
  const nn::OrderedJson& latest = found["users"][0]["latest"];
  REQUIRE(latest.size() == 8);
  CHECK(latest[0]["item"] == "3");
  CHECK(latest[7]["item"] == "10");
}
