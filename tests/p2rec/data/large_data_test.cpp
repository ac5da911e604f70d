// Data of any size have the properties that the header states, and a user's line does not depend on the
// number of users.
#include "bench/large_data/large_data.h"

#include <algorithm>
#include <map>
#include <set>

#include "p2rec/data/interactions.h"
#include "p2rec/data/load_data.h"
#include "tests/testing.h"

using namespace p2rec;
using namespace bench;

namespace {

std::string written(const LargeDataConfig& config) {
  const testing::TemporaryFolder folder;
  write_large_data(folder / "data.txt", config);
  return nn::read_file(folder / "data.txt", "data");
}

Interactions drawn(const LargeDataConfig& config) {
  const testing::TemporaryFolder folder;
  write_large_data(folder / "data.txt", config);
  return load_data(folder / "data.txt");
}

}  // namespace

TEST_CASE("large data: users, items, lengths, no repeats") {
  const Interactions data = drawn({.users = 3000, .items = 500, .mean_length = 9});
  CHECK(data.users() == 3000);
  CHECK(data.items() == 500);
  CHECK(static_cast<double>(data.interactions()) / 3000 == doctest::Approx(9).epsilon(0.05));
  for (const auto& sequence : data.sequences) {
    CHECK((sequence.size() >= 5 && sequence.size() <= 250));
    CHECK(std::set<int32_t>(sequence.begin(), sequence.end()).size() == sequence.size());
  }
  // The order says more than popularity: some item follows another one in half of all cases, but the most
  // popular item has only a few per cent of all interactions.
  std::map<int32_t, std::map<int32_t, int>> follows;
  for (const auto& sequence : data.sequences) {
    for (size_t i = 1; i < sequence.size(); ++i) ++follows[sequence[i - 1]][sequence[i]];
  }
  double share = 0;
  for (const auto& [item, next] : follows) {
    int all = 0, most = 0;
    for (const auto& [other, count] : next) {
      all += count;
      most = std::max(most, count);
    }
    share += double(most) / all / double(follows.size());
  }
  CHECK(share > 0.4);
  const std::vector<int64_t> counts = item_counts(data, CountedPart::Everything);
  const double most = double(*std::max_element(counts.begin(), counts.end())) / double(data.interactions());
  CHECK((most > 0.01 && most < 0.1));
}

TEST_CASE("large data: more users do not change the first ones; another seed does") {
  const std::string few = written({.users = 50, .items = 100}), many = written({.users = 500, .items = 100});
  CHECK(many.starts_with(few));
  CHECK(written({.users = 50, .items = 100}) == few);
  CHECK(written({.users = 50, .items = 100, .seed = 2}) != few);
}

TEST_CASE("large data: impossible sizes") {
  for (const LargeDataConfig& wrong :
       {LargeDataConfig{.users = 0}, LargeDataConfig{.items = 9}, LargeDataConfig{.mean_length = 4},
        LargeDataConfig{.items = 10, .mean_length = 6}})
    CHECK_THROWS_AS(drawn(wrong), ag::InputError);
  // The smallest length is half of a catalogue of ten.
  const Interactions all_alike = drawn({.users = 20, .items = 10, .mean_length = 5});
  for (const auto& sequence : all_alike.sequences) CHECK(sequence.size() == 5);
}
