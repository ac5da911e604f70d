#include "p2rec/data/fingerprint.h"

#include "nn/io/hash.h"

namespace p2rec {
namespace {

void add(nn::Hash& hash, Sequence items) {
  const auto count = static_cast<int64_t>(items.size());
  hash.bytes(&count, sizeof count);
  hash.bytes(items.data(), items.size_bytes());
}

}  // namespace

DataHashes hashes_of(const Interactions& data) {
  nn::Hash training, validation, test;
  for (size_t i = 0; i < data.item_ids.size(); ++i) {
    training.string(data.item_ids[i]);
    if (!data.titles.empty()) training.string(data.titles[i]);
  }
  for (int64_t u = 0; u < data.users(); ++u) {
    training.string(data.user_ids[static_cast<size_t>(u)]);
    add(training, training_part(data, u));
    if (!has_targets(data, u)) continue;
    const int32_t targets[] = {target_item(data, u, Target::Validation), target_item(data, u, Target::Test)};
    add(validation, {targets, 1});
    add(test, {targets + 1, 1});
  }
  return {training.hex(), validation.hex(), test.hex()};
}

std::string data_fingerprint(const DataHashes& data, bool validation, bool test) {
  std::string text = "data.training=" + data.training + "\n";
  if (validation) text += "data.validation=" + data.validation + "\n";
  if (test) text += "data.test=" + data.test + "\n";
  return text;
}

}  // namespace p2rec
