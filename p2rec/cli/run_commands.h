// The commands on the folder of a run, and on data: recommend, results, report, stats, rows, synthesize.
#pragma once

#include "p2rec/cli/command_options.h"

namespace p2rec {

void add_run_commands(CLI::App& app, Actions& actions);

}  // namespace p2rec
