// Interactions: who took what, in which order. Everything begins here.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace p2rec {

// Inside the program users and items are indices 0, 1, 2, ... in the order of their ascending original ids:
// numeric if all ids are non-negative integers, else bytewise. So the order of the lines in a file, and one
// user's last item, never renumber the others. The catalogue is every item of the interactions, held-out ones
// included.
struct Interactions {
  std::vector<std::string> user_ids, item_ids;  // per index: the id as the file writes it
  std::vector<std::string> titles;  // per item, "" where one has none; or empty if the data has none
  std::vector<std::vector<int32_t>> sequences;  // per user: item indices in time order; repeats are kept
  // Beside each item of the sequences; or empty if the data has none.
  std::vector<std::vector<int64_t>> times;  // in the file's unit, whole units rounded down
  std::vector<std::vector<float>> ratings;
  std::string source;  // the file that was read, or "synthetic"
  std::string format;  // in words, for `p2rec stats`

  int64_t users() const { return static_cast<int64_t>(sequences.size()); }
  int64_t items() const { return static_cast<int64_t>(item_ids.size()); }
  int64_t interactions() const;
};

// --- leave-one-out: the last item is the test target, the one before it the validation target --------------
// A user of one or two interactions is training only. Nothing but evaluation may look beyond training_part.
using Sequence = std::span<const int32_t>;
enum class Target { Validation, Test };

bool has_targets(const Interactions& data, int64_t user);  // at least three interactions
// All but the last two; without targets everything.
Sequence training_part(const Interactions& data, int64_t user);
// Both throw ag::Error for a user without targets, and for an item that is hidden.
int32_t target_item(const Interactions& data, int64_t user, Target target);
// What lies before the target; for the test target this includes the validation item.
Sequence target_history(const Interactions& data, int64_t user, Target target);

// Which held-out items a stage may look at: none, the validation items, or all.
enum class Sees : uint8_t { Training, Validation, Test };
// A copy in which the other held-out items are hidden, with their times and ratings. What is asked for them throws ag::Error.
Interactions hide_targets(Interactions data, Sees sees);

// How often each item occurs (V): in the training parts, or in everything, held-out items included.
enum class CountedPart : uint8_t { Training, Everything };
std::vector<int64_t> item_counts(const Interactions& data, CountedPart part);

}  // namespace p2rec
