// The text of `p2rec stats`.
#pragma once

#include <string>

#include "p2rec/data/interactions.h"

namespace p2rec {

// What `p2rec stats` prints: counts, lengths, density, titles, a few examples. At most 80 columns wide.
std::string stats_text(const Interactions& data);

}  // namespace p2rec
