// The commands that run stages: `p2rec run`, and one for each stage of a method.
#pragma once

#include "p2rec/cli/command_options.h"

namespace p2rec {

// Which options these commands have depends on the method and the model, so `arguments` are searched for those first.
void add_stage_commands(CLI::App& app, Actions& actions, const std::vector<std::string>& arguments);

}  // namespace p2rec
