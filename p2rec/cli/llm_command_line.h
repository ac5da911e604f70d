// `p2rec llm ...` on the command line; what its commands do is in llm_commands.h.
#pragma once

#include "p2rec/cli/command_options.h"

namespace p2rec {

void add_llm_commands(CLI::App& app, Actions& actions);

}  // namespace p2rec
