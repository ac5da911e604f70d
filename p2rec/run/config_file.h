// config.toml: the options of a run as TOML (toml.io), `name = value` lines with their meaning above them.
#pragma once

#include "nn/io/files.h"
#include "p2rec/run/options.h"

namespace p2rec {

constexpr const char* kConfigFile = "config.toml";

// The options of a file; a table's name is a prefix of its options ("teacher.hidden"). Throws ag::InputError naming file and
// line for what is not TOML, and for values that no option has (dates, lists of lists).
GivenOptions read_config(const nn::Path& file);

// The file's text. Options of the call itself (resume, overwrite) are left out.
std::string to_toml(const Sections& sections);

}  // namespace p2rec
