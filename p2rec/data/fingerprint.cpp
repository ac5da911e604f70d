#include "p2rec/data/fingerprint.h"

#include "nn/io/hash.h"

namespace p2rec {
namespace {

// `count` interactions of a user from the place `begin` on, with times and ratings where the data has them.
void add(nn::Hash& hash, const Interactions& data, size_t user, size_t begin, size_t count) {
  const auto add_column = [&](const auto& column) {
    if (!column.empty()) hash.bytes(column[user].data() + begin, count * sizeof column[user][0]);
  };
  hash.bytes(&count, sizeof count);
  add_column(data.sequences);
  add_column(data.times);
  add_column(data.ratings);
}

}  // namespace

DataHashes hashes_of(const Interactions& data) {
  nn::Hash training, validation, test;
  for (size_t i = 0; i < data.item_ids.size(); ++i) {
    training.string(data.item_ids[i]);
    if (!data.titles.empty()) training.string(data.titles[i]);
  }
  for (size_t u = 0; u < data.sequences.size(); ++u) {
    const auto user = static_cast<int64_t>(u);
    const size_t length = training_part(data, user).size();
    training.string(data.user_ids[u]);
    add(training, data, u, 0, length);
    if (!has_targets(data, user)) continue;
    add(validation, data, u, length, 1);
    add(test, data, u, length + 1, 1);
  }
  return {training.hex(), validation.hex(), test.hex()};
}

std::string data_fingerprint(const DataHashes& data, Sees sees) {
  std::string text = "data.training=" + data.training + "\n";
  if (sees != Sees::Training) text += "data.validation=" + data.validation + "\n";
  if (sees == Sees::Test) text += "data.test=" + data.test + "\n";
  return text;
}

}  // namespace p2rec
