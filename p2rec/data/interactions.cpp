#include "p2rec/data/interactions.h"

#include <algorithm>
#include <limits>

#include "autograd/check.h"

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

// Where the target lies in the user's sequence.
size_t target_place(const Interactions& data, int64_t user, Target target) {
  const size_t length = sequence_of(data, user).size();
  AG_CHECK(has_targets(data, user), "user ", user, " has ", length,
           " interactions, so no target; hint: has_targets");
  return target == Target::Test ? length - 1 : length - 2;
}

// Puts `hidden` in the place of a user's last values; those of a column that the data lacks are not there.
template <class T>
void hide_last(std::vector<std::vector<T>>& column, size_t user, size_t count, T hidden) {
  if (!column.empty()) std::fill_n(column[user].rbegin(), count, hidden);
}

}  // namespace

int64_t Interactions::interactions() const {
  int64_t n = 0;
  for (const auto& sequence : sequences) n += static_cast<int64_t>(sequence.size());
  return n;
}

bool has_targets(const Interactions& data, int64_t user) { return sequence_of(data, user).size() >= 3; }

Sequence training_part(const Interactions& data, int64_t user) {
  const Sequence all = sequence_of(data, user);
  return has_targets(data, user) ? all.first(all.size() - 2) : all;
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
  const size_t hidden = sees == Sees::Training ? 2 : sees == Sees::Validation ? 1 : 0;
  for (size_t user = 0; user < data.sequences.size(); ++user) {
    if (!has_targets(data, static_cast<int64_t>(user))) continue;
    hide_last(data.sequences, user, hidden, kHidden);
    hide_last(data.times, user, hidden, std::numeric_limits<int64_t>::min());
    hide_last(data.ratings, user, hidden, std::numeric_limits<float>::quiet_NaN());
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

}  // namespace p2rec
