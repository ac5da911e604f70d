// What the commands of the command line have in common.
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

using Actions = std::map<const CLI::App*, std::function<void()>>;  // what to do for each command

// "p2rec llm generate": how the command is called.
std::string path_of(const CLI::App& command);

// The option if the command has it and the command line names it, else null.
CLI::Option* given(CLI::App& command, const std::string& name);

// Gives a command options of these sections: all, or those that are named.
void add_options(CLI::App& command, const Sections& sections, const std::vector<std::string>& only = {});
// What the command line says of them.
GivenOptions given_options(CLI::App& command, const Sections& sections);

// The options that say what a command may use of the machine; and what puts them into force.
void add_machine_options(CLI::App& command);
void use_machine(CLI::App& command);
void use_machine(const RunConfig& config);  // ag::InputError if the device cannot be used

// Gives a command a number of its own. CLI11 would take -1 as 2^64 - 1 where the type has no sign, and the largest number that
// there is for a larger one.
template <class Number>
CLI::Option* add_number(CLI::App& command, const std::string& name, Number& value, const std::string& text) {
  constexpr bool kWhole = std::is_integral_v<Number>;
  const auto read = [&command, &value, name](const std::string& found) {
    const auto number = parse_field<Number>(found);
    INPUT_CHECK(number, "--", name, ": found '", found, "'; expected ",
                !kWhole                      ? "a number"
                : std::is_unsigned_v<Number> ? "an integer, at least 0"
                                             : "an integer",
                "; hint: ", path_of(command), " --help");
    value = *number;
  };
  return command.add_option_function<std::string>("--" + name, read, text)->type_name(kWhole ? "N" : "X");
}

}  // namespace p2rec
