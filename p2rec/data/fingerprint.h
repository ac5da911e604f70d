// Hashes of interactions: what a result was made from.
#pragma once

#include <string>

#include "p2rec/data/interactions.h"

namespace p2rec {

// In hex, of the catalogue with the training parts, of the validation targets and of the test targets.
struct DataHashes {
  std::string training, validation, test;
};
DataHashes hashes_of(const Interactions& data);
// "key=value" lines of what a stage has read of the data: the catalogue with the training parts, and where it looks at them
// the validation and the test targets. Two data sets that agree on those have the same lines.
std::string data_fingerprint(const DataHashes& data, Sees sees);

}  // namespace p2rec
