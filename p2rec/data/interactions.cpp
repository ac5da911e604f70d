#include "p2rec/data/interactions.h"

#include <algorithm>
#include <limits>

#include "autograd/check.h"
#include "nn/io/hash.h"

namespace p2rec {
namespace {

Sequence sequence_of(const Interactions& data, int64_t user) {
  AG_CHECK(user >= 0 && user < data.users(), "user ", user, " of ", data.users());
  return data.sequences[static_cast<size_t>(user)];
}

constexpr int32_t kHidden = -1;

void check_visible(Sequence items, int64_t user) {
  AG_CHECK(std::find(items.begin(), items.end(), kHidden) == items.end(), "user ", user,
           ": a held-out item is hidden from this stage; hint: a stage declares which ones it sees");
}

// The index of the target in the user's sequence.
size_t target_place(const Interactions& data, int64_t user, Target target) {
  AG_CHECK(has_target(data, user, target), "user ", user, " of ", sequence_of(data, user).size(),
           " interactions has no such target; hint: has_target");
  return static_cast<size_t>(parts_of(data, user).before(target));
}

// The number of the user's interactions that a stage may read.
int32_t visible_length(const Interactions& data, int64_t user, Sees sees) {
  if (sees == Sees::Test) return static_cast<int32_t>(sequence_of(data, user).size());
  const bool validation = sees == Sees::Validation && has_target(data, user, Target::Validation);
  return parts_of(data, user).training + validation;
}

// Overwrites a user's values from `begin` on, if the data have the column.
template <class T>
void hide_from(std::vector<std::vector<T>>& column, size_t user, int32_t begin, T hidden) {
  if (!column.empty()) std::fill(column[user].begin() + begin, column[user].end(), hidden);
}

// Adds a user's `count` interactions from `begin` on, with their times and ratings if the data have them.
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

int64_t Interactions::interactions() const {
  int64_t n = 0;
  for (const auto& sequence : sequences) n += static_cast<int64_t>(sequence.size());
  return n;
}

UserParts parts_of(const Interactions& data, int64_t user) {
  const auto length = static_cast<int32_t>(sequence_of(data, user).size());
  if (!data.parts.empty()) return data.parts[static_cast<size_t>(user)];
  return length >= 3 ? UserParts{length - 2, length - 1} : UserParts{length, length};
}

bool has_target(const Interactions& data, int64_t user, Target target) {
  return parts_of(data, user).has(target, static_cast<int32_t>(sequence_of(data, user).size()));
}

Sequence training_part(const Interactions& data, int64_t user) {
  return sequence_of(data, user).first(static_cast<size_t>(parts_of(data, user).training));
}

int32_t target_item(const Interactions& data, int64_t user, Target target) {
  const Sequence item = sequence_of(data, user).subspan(target_place(data, user, target), 1);
  check_visible(item, user);
  return item[0];
}

Sequence target_history(const Interactions& data, int64_t user, Target target) {
  const Sequence history = sequence_of(data, user).first(target_place(data, user, target));
  check_visible(history, user);
  return history;
}

Interactions hide_targets(Interactions data, Sees sees) {
  for (size_t user = 0; user < data.sequences.size(); ++user) {
    const int32_t visible = visible_length(data, static_cast<int64_t>(user), sees);
    hide_from(data.sequences, user, visible, kHidden);
    hide_from(data.times, user, visible, std::numeric_limits<int64_t>::min());
    hide_from(data.ratings, user, visible, std::numeric_limits<float>::quiet_NaN());
  }
  return data;
}

std::vector<int64_t> item_counts(const Interactions& data, CountedPart part) {
  std::vector<int64_t> counts(data.item_ids.size(), 0);
  for (int64_t u = 0; u < data.users(); ++u) {
    const Sequence items = part == CountedPart::Training ? training_part(data, u) : sequence_of(data, u);
    check_visible(items, u);
    for (const int32_t item : items) ++counts[static_cast<size_t>(item)];
  }
  return counts;
}

DataHashes hashes_of(const Interactions& data) {
  nn::Hash training, validation, test;
  for (size_t i = 0; i < data.item_ids.size(); ++i) {
    training.string(data.item_ids[i]);
    if (!data.titles.empty()) training.string(data.titles[i]);
    if (data.attributes.empty()) continue;
    for (const std::string& value : data.attributes[i]) training.string(value);
  }
  for (size_t u = 0; u < data.sequences.size(); ++u) {
    const auto user = static_cast<int64_t>(u);
    const UserParts parts = parts_of(data, user);
    const auto begin = static_cast<size_t>(parts.training), middle = static_cast<size_t>(parts.history);
    const size_t end = data.sequences[u].size();
    training.string(data.user_ids[u]);
    add(training, data, u, 0, begin);
    if (begin < middle) add(validation, data, u, begin, middle - begin);
    if (middle < end) add(test, data, u, middle, end - middle);
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
