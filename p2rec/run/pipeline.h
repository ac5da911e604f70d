// The stages of the method in one output folder, each made from what the ones before it left there.
#pragma once

#include "p2rec/run/options.h"

namespace p2rec {

// Runs the stages [first, last] in options.out; the earlier ones that they rest on (stage_needs.h) must be done there. A
// stage that is done is passed over with --resume and refused without it; one whose options or inputs have changed is refused
// by name; --overwrite removes what `first` and later stages left. Throws Interrupted after a request to stop, with everything
// saved for --resume.
void run_stages(const Options& options, Stage first, Stage last);

}  // namespace p2rec
