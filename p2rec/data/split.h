// How interactions are split into training parts, validation targets and test targets.
//
//   leave-one-out  a user's last interaction is the test target, the one before it the validation target; a
//                  user with one or two interactions has no targets
//   temporal       two cuts in time, the same for all users. The cut at the share q is the earliest time by
//                  which at least the share q of all interactions (after the filters) has happened; an
//                  interaction at the cut itself is before it
//   given          by the data's own files for training, validation and test
//
// In the last two, a target is the user's first interaction after the cut, or the first row of the file.
// Interactions between the validation target and the test cut are history of the test target only.
// Interactions after the test target are dropped. So no interaction after a cut is used for training, or as
// history of the cut's target. A user without earlier interactions has no such target, and is dropped if
// there are none before the test cut.
#pragma once

#include <vector>

#include "p2rec/data/rows.h"

namespace p2rec {

struct SplitRows {
  std::vector<std::vector<size_t>> rows;  // per user of the table: the rows kept, in time order
  std::vector<UserParts> parts;           // per user of the table; empty: leave-one-out
};

// Adds order and split to rows.facts. Throws ag::InputError for a temporal split of data without times, and
// if no user has a target of one kind.
SplitRows split_rows(Rows& rows, const DataConfig& config);

}  // namespace p2rec
