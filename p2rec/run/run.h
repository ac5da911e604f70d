// The engine: runs a method's stages in a folder, each on what earlier ones left there. It knows no method.
#pragma once

#include "p2rec/run/config.h"
#include "p2rec/run/stage.h"

namespace p2rec {

// Runs the stages that `last` rests on, from `first` on; the earlier ones must be done in the folder. A stage
// that is done is passed over with resume and refused without it; one whose options or inputs have changed is
// refused by name; overwrite removes what `first` and later stages left. All checks run before anything is
// removed or made. Throws Interrupted after a request to stop, with everything saved for resume.
void run_stages(const RunConfig& config, const Sections& sections, const Stages& stages,
                const std::string& first, const std::string& last);

}  // namespace p2rec
