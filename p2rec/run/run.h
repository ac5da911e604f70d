// The engine: runs a method's stages in a folder. Each stage reads files of earlier stages.
// It knows no method.
#pragma once

#include "p2rec/run/config.h"
#include "p2rec/run/stage.h"

namespace p2rec {

// Runs `last` and the stages that it needs, from `first` on; earlier stages must be done in the folder. With
// resume, skips a stage that is done; overwrite removes the files of `first` and later stages. Throws
// ag::InputError if a stage is begun or done and neither is given, and if the options or inputs of a stage
// have changed. All checks run before anything is removed or made. Throws Interrupted after a request to
// stop; everything is saved for resume.
void run_stages(const RunConfig& config, const Sections& sections, const Stages& stages,
                const std::string& first, const std::string& last);

}  // namespace p2rec
