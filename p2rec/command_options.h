// What the commands of the command line have in common: the options of options.h, and the list of what to do.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "p2rec/options.h"

namespace p2rec {

using Actions = std::map<const CLI::App*, std::function<void()>>;  // what to do for each command

// Gives a command the options of options.h, all or those that are named.
void add_table_options(CLI::App& command, const std::vector<std::string>& only = {});

// The option if the command has it and the command line names it, else null.
CLI::Option* given(CLI::App& command, const std::string& name);

// The configuration file first (`usual_config` where none is given), then what the command line says of `names`. Threads and
// memory are set at once.
Options read_options(CLI::App& command, const std::vector<std::string>& names = option_names(),
                     const nn::Path& usual_config = {});

}  // namespace p2rec
