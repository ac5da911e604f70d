// The report's section on training data that a method has made itself: how many were written, kept, and
// dropped, and why.
#pragma once

#include <vector>

#include "nn/io/json_fwd.h"
#include "p2rec/llm/instruction.h"
#include "p2rec/report/report.h"

namespace p2rec {

// All that was written with one seed.
struct SeedData {
  uint64_t seed = 0;
  std::vector<Generated> all;
};

// The record of the stage that writes them:
//   "seeds"    [{"seed", "written", "kept", "rounds": [the number kept in round 1, 2, ...]}]
//   "dropped"  [{"why", "count", "example": the first one's input}], the most frequent first
//   "kept"     [{"input", "output", "from"}]: the first five of the first seed
nn::OrderedJson describe_generated(const std::vector<SeedData>& seeds);

// "612 written, 540 kept; dropped: 40 length, 32 duplicate", over all seeds.
std::string generated_text(const std::vector<SeedData>& seeds);

// The section for the record of `stage`.
ReportSection generated_section(const std::string& stage);

}  // namespace p2rec
