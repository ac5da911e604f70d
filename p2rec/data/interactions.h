// Interactions: the sequence of items of each user.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "autograd/tensor.h"

namespace p2rec {

// The known truth of synthetic data (synthetic.h).
struct KnownTruth {
  std::vector<int32_t> item_group;  // per item: 0 .. groups-1
  ag::Tensor user_preference;       // (users, groups), each row sums to one
};

// Where a user's held-out interactions begin. The first interaction after a cut is the cut's target, if there
// is at least one interaction before it.
enum class Target { Validation, Test };
struct UserParts {
  int32_t training;  // interactions before the validation cut
  int32_t history;   // before the test cut
  int32_t before(Target target) const { return target == Target::Test ? history : training; }
  // `length`: all of the user's interactions.
  bool has(Target target, int32_t length) const {
    return before(target) > 0 && before(target) < (target == Target::Test ? length : history);
  }
};

// How the data were read, as labels and strings for a person.
using Facts = std::vector<std::pair<std::string, std::string>>;

// Users and items are indices 0, 1, 2, ... in ascending order of their ids in the file: numeric if all ids
// are non-negative integers, else bytewise. So the order of a file's lines does not change the indices. The
// catalogue has every item of the interactions, including held-out ones.
struct Interactions {
  std::vector<std::string> user_ids, item_ids;  // per index: the id as in the file
  std::vector<std::string> titles;              // per item, "" if it has none; empty if no item has one
  // Further attributes from the titles' file (titles.h): their names, and per item a value for each, "" if it
  // has none. Both are empty if there are none.
  std::vector<std::string> attribute_names;
  std::vector<std::vector<std::string>> attributes;
  std::vector<std::vector<int32_t>> sequences;  // per user: item indices in time order; repeats are kept
  // For each item of the sequences; empty if the data have none.
  std::vector<std::vector<int64_t>> times;  // in the file's unit, rounded down
  std::vector<std::vector<float>> ratings;
  std::vector<UserParts> parts;  // per user; empty: leave-one-out
  std::optional<KnownTruth> truth;
  std::string source;  // the file that was read, or "synthetic"
  std::string format;  // in words
  Facts facts;         // files, columns, filters, order, split

  int64_t users() const { return static_cast<int64_t>(sequences.size()); }
  int64_t items() const { return static_cast<int64_t>(item_ids.size()); }
  int64_t interactions() const;
  std::string title(size_t item) const { return titles.empty() ? "" : titles[item]; }
};

// --- the split (split.h) -----------------------------------------------------------------------------------
// Leave-one-out: the last item is the test target, the one before it the validation target; a user of one or
// two interactions is used only for training. Only evaluation may read more than training_part.
using Sequence = std::span<const int32_t>;

UserParts parts_of(const Interactions& data, int64_t user);
bool has_target(const Interactions& data, int64_t user, Target target);
// The items before the validation cut; may be empty.
Sequence training_part(const Interactions& data, int64_t user);
// Both throw ag::Error if the user has no such target, or if an item is hidden.
int32_t target_item(const Interactions& data, int64_t user, Target target);
// The items before the target; for the test target this includes the validation item.
Sequence target_history(const Interactions& data, int64_t user, Target target);

// The held-out items that a stage may read: none, the validation items, or all.
enum class Sees : uint8_t { Training, Validation, Test };
// A copy without the other held-out items, times and ratings.
Interactions hide_targets(Interactions data, Sees sees);

// The number of interactions of each item (V): in the training parts, or in all interactions.
enum class CountedPart : uint8_t { Training, Everything };
std::vector<int64_t> item_counts(const Interactions& data, CountedPart part);

// Hashes in hex of the catalogue with the training parts, of the validation and of the test interactions.
struct DataHashes {
  std::string training, validation, test;
};
DataHashes hashes_of(const Interactions& data);
// "key=value" lines with the hashes of the parts that a stage may read.
std::string data_fingerprint(const DataHashes& data, Sees sees);

// The text that commands print first: the facts and the counts, each with its label, wrapped at 80 columns.
std::string facts_text(const Interactions& data);
// The text of `p2rec stats`: facts_text, lengths, density, and a few examples.
std::string stats_text(const Interactions& data);

}  // namespace p2rec
