// Options as text: from the command line or a TOML file into the structs of a configuration, and back.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "nn/io/files.h"
#include "p2rec/run/config.h"

namespace p2rec {

// What was given for an option.
struct Given {
  std::vector<std::string> values;  // the elements of a list, or one value
  std::string place;                // for messages: "--groups", "my.toml:12: groups"
};
using GivenOptions = std::map<std::string, Given>;  // by option name

// "a,b" for the command line's lists.
std::vector<std::string> split_at_commas(const std::string& text);

// Sets what is given, section by section. Throws ag::InputError naming the place, what was found and what was
// expected; also for an option that the configuration does not have, unless `ignore_unknown`.
void set_options(const Sections& sections, const GivenOptions& given, bool ignore_unknown = false);

// A value as text: the elements of a list with commas between them, numbers so that they read back exactly.
std::string to_text(const nn::Field& field);

// An option as the help shows it.
struct OptionHelp {
  std::string name, heading;
  std::string value;        // "N", "X", "a|b", "N,N,..."; empty for a switch
  std::string text;         // its meaning, range and default
  bool can_be_off = false;  // a switch that is on by default: --no-NAME turns it off
};
std::vector<OptionHelp> option_help(const Sections& sections);

std::vector<std::string> option_names(const Sections& sections);

// "; did you mean PREFIXgroups?" with the nearest known name: the one with the most words of this one, or else
// with the fewest other letters; empty if no word is the same and over half of the letters differ.
std::string did_you_mean(const std::string& name, const std::vector<std::string>& known,
                         const std::string& prefix = "");

// --- config.toml: options as TOML (toml.io), `name = value` lines below their meaning ----------------------

constexpr const char* kConfigFile = "config.toml";

// The options of a file; a table's name is a prefix of its options ("teacher.hidden"). Throws ag::InputError
// naming file and line for what is not TOML, and for values that no option has (dates, lists of lists).
GivenOptions read_config(const nn::Path& file);

// The file's text. Options of the call itself (resume, overwrite) are left out.
std::string to_toml(const Sections& sections);

}  // namespace p2rec
