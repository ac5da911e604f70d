// The report's section on item vectors: the chosen items, their places on the map, and their neighbours.
#include "p2rec/methods/p2rec/report_sections.h"

#include "nn/io/json.h"
#include "tests/testing.h"

using namespace p2rec;
using ag::Tensor;

namespace {

// Data with items 0, 1, 2, ... Each user is too short to have targets, so all interactions are for training.
Interactions data_with(const std::vector<std::vector<int32_t>>& sequences, int32_t items) {
  Interactions data;
  for (int32_t item = 0; item < items; ++item) data.item_ids.push_back(std::to_string(item));
  for (const auto& sequence : sequences) {
    data.user_ids.push_back(std::to_string(data.user_ids.size()));
    data.sequences.push_back(sequence);
  }
  return data;
}

ItemGroups groups_of(const std::vector<int32_t>& group_of, int32_t groups) {
  ItemGroups result;
  result.group_of = group_of;
  result.groups = groups;
  return result;
}

}  // namespace

TEST_CASE("map: the 300 items with most training interactions, and two principal components of each table") {
  constexpr int32_t kItems = 302;
  std::vector<std::vector<int32_t>> sequences;
  for (int32_t item = kItems - 1; item >= 2; --item) sequences.push_back({item});
  sequences.push_back({301});
  Tensor line = Tensor::zeros({kItems, 3}), plane = Tensor::zeros({kItems, 2});
  for (int64_t i = 0; i < kItems; ++i) {
    line.data()[3 * i + 1] = static_cast<ag::real>(i);
    plane.data()[2 * i] = static_cast<ag::real>(i);
    plane.data()[2 * i + 1] = i % 2 == 0 ? -10 : 10;
  }
  const ItemGroups groups = groups_of(std::vector<int32_t>(kItems, 0), 1);
  const nn::OrderedJson map =
      describe_embeddings(data_with(sequences, kItems), {groups, line, plane, plane})["map"];
  REQUIRE(map["items"].size() == 300);
  CHECK(map["items"][0]["item"] == "301");  // twice; the others once, the lower index first
  CHECK(map["items"][1]["item"] == "2");
  CHECK(map["items"][299]["item"] == "300");  // 0 and 1 are left out
  CHECK(map["teacher"] == nn::OrderedJson({1.0, 0.0}));
  CHECK(map["items"][0]["teacher"] == nn::OrderedJson({1.0, 0.0}));
  CHECK(map["items"][1]["teacher"] == nn::OrderedJson({-1.0, 0.0}));
  CHECK(map["enhanced"][0].get<double>() > 0.95);
  CHECK(std::abs(map["items"][5]["enhanced"][1].get<double>()) ==
        doctest::Approx(0.067).epsilon(0.05));  // 10 of 149.5
}

TEST_CASE("neighbours: of the most frequent item of each of the most frequent groups") {
  const Interactions data = data_with({{3, 3}, {3, 2}, {2, 2}, {0}, {5}}, 6);
  const ItemGroups groups = groups_of({1, 1, 0, 0, 2, 2}, 3);
  const Tensor table = Tensor::from({6, 2}, {1, 0, 9, 0, 0, 1, 1, 1, 2, 0, 0, -1}),
               other = Tensor::from({6, 2}, {0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 1, 0});
  const nn::OrderedJson found = describe_embeddings(data, {groups, table, other, other});
  const nn::OrderedJson& list = found["neighbours"];
  REQUIRE(list.size() == 3);
  CHECK(list[0]["item"] == "2");  // 3 is as frequent and of the same group
  CHECK(list[1]["item"] == "0");
  CHECK(list[2]["item"] == "5");
  CHECK(list[1]["group"] == 1);
  REQUIRE(list[1]["teacher"].size() == 5);
  CHECK(list[1]["teacher"][0]["item"] == "1");  // as near as 4: the lower index first
  CHECK(list[1]["teacher"][1]["item"] == "4");
  CHECK(list[1]["teacher"][2]["item"] == "3");
  CHECK(list[1]["teacher"][2]["group"] == 0);
  CHECK(list[2]["enhanced"][0]["item"] == "2");
  CHECK(found["known_truth"].empty());
}
