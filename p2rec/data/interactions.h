// Interactions: who took what, in which order. Everything begins here.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "autograd/tensor.h"

namespace p2rec {

// What made-up data know of themselves (synthetic.h), to check against.
struct KnownTruth {
  std::vector<int32_t> item_group;  // per item: 0 .. groups-1
  ag::Tensor user_preference;       // (users, groups), each row sums to one
};

// Where a user's held-out interactions begin. In order: what is trained on, what comes between the two cuts,
// and the test target. The first one after a cut is its target, if there is anything before it.
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

// How the data were read, for a person: a word and a text for each thing.
using Facts = std::vector<std::pair<std::string, std::string>>;

// Users and items are indices 0, 1, 2, ... in ascending order of their ids in the file: numeric if all ids
// are non-negative integers, else bytewise. So neither the order of a file's lines nor one user's last item
// renumbers the others. The catalogue is every item of the interactions, held-out ones included.
struct Interactions {
  std::vector<std::string> user_ids, item_ids;  // per index: the id as the file writes it
  std::vector<std::string> titles;  // per item, "" where one has none; or empty if the data has none
  std::vector<std::vector<int32_t>> sequences;  // per user: item indices in time order; repeats are kept
  // For each item of the sequences; or empty if the data has none.
  std::vector<std::vector<int64_t>> times;  // in the file's unit, whole units rounded down
  std::vector<std::vector<float>> ratings;
  std::vector<UserParts> parts;  // per user: how the data are split; or empty: leave-one-out
  std::optional<KnownTruth> truth;
  std::string source;  // the file that was read, or "synthetic"
  std::string format;  // in words
  Facts facts;         // files, columns, filters, order, split

  int64_t users() const { return static_cast<int64_t>(sequences.size()); }
  int64_t items() const { return static_cast<int64_t>(item_ids.size()); }
  int64_t interactions() const;
};

// --- the split (split.h) -----------------------------------------------------------------------------------
// Leave-one-out: the last item is the test target, the one before it the validation target; a user of one or
// two interactions is only for training. Only evaluation may look beyond training_part.
using Sequence = std::span<const int32_t>;

UserParts parts_of(const Interactions& data, int64_t user);
bool has_target(const Interactions& data, int64_t user, Target target);
// The items before the validation cut; none for a user who has none.
Sequence training_part(const Interactions& data, int64_t user);
// Both throw ag::Error for a user without this target, and for a hidden item.
int32_t target_item(const Interactions& data, int64_t user, Target target);
// The items before the target; for the test target this includes the validation item.
Sequence target_history(const Interactions& data, int64_t user, Target target);

// Which held-out items a stage may look at: none, the validation items, or all.
enum class Sees : uint8_t { Training, Validation, Test };
// A copy in which the other held-out items are hidden, with their times and ratings.
Interactions hide_targets(Interactions data, Sees sees);

// How often each item occurs (V): in the training parts, or in everything, held-out items included.
enum class CountedPart : uint8_t { Training, Everything };
std::vector<int64_t> item_counts(const Interactions& data, CountedPart part);

// Hashes in hex: of the catalogue with the training parts, of the validation and of the test targets.
struct DataHashes {
  std::string training, validation, test;
};
DataHashes hashes_of(const Interactions& data);
// "key=value" lines with the hashes of what a stage sees.
std::string data_fingerprint(const DataHashes& data, Sees sees);

// What commands print first: files, format, columns, filters, order, split and counts; a labelled line for each
// of `facts`, wrapped at 80 columns.
std::string facts_text(const Interactions& data);
// What `p2rec stats` prints: facts_text, lengths, density, a few examples.
std::string stats_text(const Interactions& data);

}  // namespace p2rec
