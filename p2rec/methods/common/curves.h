// The validation curves of a run's recommenders: `p2rec curves`.
#pragma once

#include <iosfwd>

#include "nn/io/files.h"

namespace p2rec {

// Prints a line for each epoch of each recommender that the run in `folder` has trained, in the order of its
// log: start, seed, epoch and validation NDCG@10, separated by tabs, below a header. Throws ag::InputError
// for a log that this program did not write.
void print_curves(const nn::Path& folder, std::ostream& out);

}  // namespace p2rec
