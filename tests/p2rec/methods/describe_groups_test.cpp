// The description of the groups of items.
#include "p2rec/methods/p2rec/report_sections.h"

#include "nn/io/json.h"
#include "tests/testing.h"

using namespace p2rec;

TEST_CASE("groups are described by the training parts") {
  Interactions data;
  data.item_ids = {"a", "b", "c", "d"};
  data.user_ids = {"1", "2"};
  data.sequences = {{1, 0, 1, 2, 3}, {2, 0}};  // training parts: 1 0 1; 2 0, since the second user is short
  ItemGroups groups;
  groups.group_of = {0, 0, 1, 2};
  groups.groups = 3;
  nn::OrderedJson found = describe_groups(data, groups);
  REQUIRE(found.size() == 3);
  CHECK(found[0]["group"] == 0);
  CHECK(found[0]["items"] == 2);
  CHECK(found[0]["interactions"] == 4);
  REQUIRE(found[0]["top"].size() == 2);
  CHECK(found[0]["top"][0]["item"] == "a");  // as often as b: the lower index is first
  CHECK(found[0]["top"][0]["title"] == "");
  CHECK(found[0]["top"][1]["interactions"] == 2);
  CHECK(found[1]["interactions"] == 1);
  CHECK(found[2]["items"] == 1);
  CHECK(found[2]["top"].empty());  // d is only a target
  found = describe_groups(data, groups, 1);
  CHECK(found[0]["top"].size() == 1);
}
