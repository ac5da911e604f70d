#include "p2rec/data/interactions.h"

#include "autograd/check.h"

namespace p2rec {
namespace {

Sequence sequence_of(const Interactions& data, int64_t user) {
  AG_CHECK(user >= 0 && user < data.users(), "user ", user, " of ", data.users());
  return data.sequences[static_cast<size_t>(user)];
}

// Where the target lies in the user's sequence.
size_t target_place(const Interactions& data, int64_t user, Target target) {
  const size_t length = sequence_of(data, user).size();
  AG_CHECK(has_targets(data, user), "user ", user, " has ", length,
           " interactions, so no target; hint: has_targets");
  return target == Target::Test ? length - 1 : length - 2;
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
  return sequence_of(data, user)[target_place(data, user, target)];
}

Sequence target_history(const Interactions& data, int64_t user, Target target) {
  return sequence_of(data, user).first(target_place(data, user, target));
}

std::vector<int64_t> item_counts(const Interactions& data, CountedPart part) {
  std::vector<int64_t> counts(data.item_ids.size(), 0);
  for (int64_t u = 0; u < data.users(); ++u) {
    const Sequence items = part == CountedPart::Training ? training_part(data, u) : sequence_of(data, u);
    for (const int32_t item : items) ++counts[static_cast<size_t>(item)];
  }
  return counts;
}

}  // namespace p2rec
