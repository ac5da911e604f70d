// Helpers shared by the commands of the program.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <map>
#include <string>
#include <type_traits>
#include <vector>

#include "autograd/check.h"
#include "p2rec/data/text_file.h"
#include "p2rec/run/options.h"

namespace p2rec {

using Actions = std::map<const CLI::App*, std::function<void()>>;  // the function of each command

// Adds `p2rec run` and one command per stage. Their options depend on the method and the model, which are
// read from `arguments`.
void add_stage_commands(CLI::App& app, Actions& actions, const std::vector<std::string>& arguments);
// Adds the commands that read a run or data: recommend, results, curves, compare, report, stats,
// convert.
void add_run_commands(CLI::App& app, Actions& actions);
// Adds `p2rec llm ...`, the commands for a language model without a run.
void add_llm_commands(CLI::App& app, Actions& actions);

// The command's full name: "p2rec llm generate".
std::string path_of(const CLI::App& command);
// "; hint: p2rec llm generate --help"
std::string help_hint(const CLI::App& command);

// Calls `read`. Adds help_hint() to an ag::InputError that has no hint.
template <class F>
auto with_help_hint(const CLI::App& command, const F& read) {
  try {
    return read();
  } catch (const ag::InputError& mistake) {
    const std::string message = mistake.what();
    throw ag::InputError(message + (message.find("; hint: ") == message.npos ? help_hint(command) : ""));
  }
}

// The option if it was given; null if it was not, or if the command has no such option.
CLI::Option* given(CLI::App& command, const std::string& name);
// The option's value; "" if it was not given.
std::string value_of(CLI::App& command, const std::string& name);
// The option's value. Throws ag::InputError, which names `expected`, if it was not given.
std::string required_value(CLI::App& command, const std::string& name, const std::string& expected);

// Adds the options of `sections` to the command: all, or only those named in `only`.
void add_options(CLI::App& command, const Sections& sections, const std::vector<std::string>& only = {});
// The options of `sections` that were given, with their values.
GivenOptions given_options(CLI::App& command, const Sections& sections);

// Adds --threads and --memory-limit; use_machine applies them.
void add_machine_options(CLI::App& command);
void use_machine(CLI::App& command);
void use_machine(const RunConfig& config);  // ag::InputError if the device cannot be used

// Adds an option with a string value. The help shows `type` in its place: "FILE".
void add_string(CLI::App& command, const std::string& name, const std::string& type, const std::string& help);
// Adds an option that may be given several times; values_of returns all its values.
void add_strings(CLI::App& command, const std::string& name, const std::string& type,
                 const std::string& help);
std::vector<std::string> values_of(CLI::App& command, const std::string& name);

// Adds an option with a number. parse_field reads it because CLI11 takes -1 for 2^64 - 1 if the type is
// unsigned, and truncates a number that is too large.
template <class Number>
void add_number(CLI::App& command, const std::string& name, Number& value, const std::string& help,
                const std::string& type = std::is_integral_v<Number> ? "N" : "X") {
  const auto read = [&command, &value, name](const std::string& found) {
    const auto number = parse_field<Number>(found);
    INPUT_CHECK(number, "--", name, ": found '", found, "'; expected ",
                !std::is_integral_v<Number>  ? "a number"
                : std::is_unsigned_v<Number> ? "an integer, at least 0"
                                             : "an integer",
                help_hint(command));
    value = *number;
  };
  command.add_option_function<std::string>("--" + name, read, help)->type_name(type);
}

}  // namespace p2rec
