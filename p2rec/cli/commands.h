// What the commands of the command line share.
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

using Actions = std::map<const CLI::App*, std::function<void()>>;  // what each command does

// `p2rec run`, and a command for each stage of a method. Their options depend on the method and the model,
// which are looked for in `arguments`.
void add_stage_commands(CLI::App& app, Actions& actions, const std::vector<std::string>& arguments);
// On the folder of a run, and on data: recommend, results, compare, report, stats, convert, rows, synthesize.
void add_run_commands(CLI::App& app, Actions& actions);
// `p2rec llm ...`: a language model by itself.
void add_llm_commands(CLI::App& app, Actions& actions);

// "p2rec llm generate": how the command is called.
std::string path_of(const CLI::App& command);
// "; hint: p2rec llm generate --help"
std::string help_hint(const CLI::App& command);

// Calls `read`. What it finds wrong ends with the command's help as a hint, unless it has a hint of its own.
template <class F>
auto with_help_hint(const CLI::App& command, const F& read) {
  try {
    return read();
  } catch (const ag::InputError& mistake) {
    const std::string message = mistake.what();
    throw ag::InputError(message + (message.find("; hint: ") == message.npos ? help_hint(command) : ""));
  }
}

// The option if the command has it and the command line names it, else null.
CLI::Option* given(CLI::App& command, const std::string& name);
// Its value; "" if it is not given.
std::string value_of(CLI::App& command, const std::string& name);
// The same; throws ag::InputError if there is no value, saying what was expected.
std::string required_value(CLI::App& command, const std::string& name, const std::string& expected);

// Gives a command options of these sections: all, or those that are named.
void add_options(CLI::App& command, const Sections& sections, const std::vector<std::string>& only = {});
// What the command line says of them.
GivenOptions given_options(CLI::App& command, const Sections& sections);

// The options that say what a command may use of the machine, and what applies them.
void add_machine_options(CLI::App& command);
void use_machine(CLI::App& command);
void use_machine(const RunConfig& config);  // ag::InputError if the device cannot be used

// An option of a command's own. `type` is how the help shows the value: "FILE".
void add_text(CLI::App& command, const std::string& name, const std::string& type, const std::string& help);
// One that may be given several times, and its values.
void add_texts(CLI::App& command, const std::string& name, const std::string& type, const std::string& help);
std::vector<std::string> values_of(CLI::App& command, const std::string& name);

// CLI11 would take -1 as 2^64 - 1 where the type is unsigned, and cut a number that is too large.
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
