// How interactions are split: which of a user's interactions are the targets of validation and test, what comes before each, and
// what is left out.
//
//   leave-one-out  the last one is the test target, the one before it the validation target; a user of one or two interactions
//                  has none
//   temporal       two cuts in time, the same for all users. A cut at the share q is the earliest time up to which at least the
//                  share q of all interactions happened (after the filters); an interaction at the cut itself lies before it
//   given          the rows of the data's own files for training, validation and test, in this order
//
// In the last two each target is the user's first interaction after its cut, or first row of its file. What lies between the
// validation target and the test cut is history of the test target only; what follows the test target is left out. So nothing
// after a cut is trained on or read before that cut's target. A user without earlier interactions has no such target, and is
// left out if there are none before the test cut.
#pragma once

#include <vector>

#include "p2rec/data/rows.h"

namespace p2rec {

struct SplitRows {
  std::vector<std::vector<size_t>> rows;  // per user of the table: the rows that are kept, in order
  std::vector<UserParts> parts;           // per user of the table; empty: leave-one-out
};

// Says in rows.facts what it does. Throws ag::InputError for a temporal split of data without times, and where no user has a
// target of one kind.
SplitRows split_rows(Rows& rows, const DataConfig& config);

}  // namespace p2rec
