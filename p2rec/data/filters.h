// What is left out of the data before they are split: interactions with a low rating or label, then users and items with few
// interactions (the k-core).
#pragma once

#include "p2rec/data/rows.h"

namespace p2rec {

// Says in rows.facts what each filter does. Throws ag::InputError for a filter whose column the data lack, for labels that are
// only 0 and 1 without min_label, as a 0 may say that nothing was taken, and where nothing is left.
void filter_rows(Rows& rows, const DataConfig& config);

}  // namespace p2rec
