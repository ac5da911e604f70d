// Reads options from the command line or a TOML file into the structs of a configuration,
// and writes them back.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "nn/io/files.h"
#include "p2rec/run/config.h"

namespace p2rec {

// The values given for an option.
struct Given {
  std::vector<std::string> values;  // the elements of a list, or one value
  std::string place;                // for messages: "--groups", "my.toml:12: groups"
};
using GivenOptions = std::map<std::string, Given>;  // by option name

// Splits a list of the command line: "a,b".
std::vector<std::string> split_at_commas(const std::string& text);

// Sets the given options, section by section. Throws ag::InputError, which names the place, what was found
// and what was expected, for a wrong value, and unless `ignore_unknown` for an unknown option.
void set_options(const Sections& sections, const GivenOptions& given, bool ignore_unknown = false);

// A value as a string. A list's elements are separated by commas; numbers read back exactly.
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

// "; did you mean PREFIXgroups?" with the known name of what other programs call `name` ("clusters"), else
// with the most similar known name: the one that shares the most words, then the one with the fewest
// different letters. Empty if no word is the same, and more than two letters and more than a third differ.
std::string did_you_mean(const std::string& name, const std::vector<std::string>& known,
                         const std::string& prefix = "");

// --- config.toml: options as TOML (toml.io); a comment with its meaning above each `name = value` line -----

constexpr const char* kConfigFile = "config.toml";

// The options of a file. A table's name becomes a prefix of its options ("teacher.hidden"). Throws
// ag::InputError, which names the file and the line, for text that is not TOML, and for values that no option
// has (dates, lists of lists).
GivenOptions read_config(const nn::Path& file);

// The file's content, without options of a single call (resume, overwrite).
std::string to_toml(const Sections& sections);

}  // namespace p2rec
