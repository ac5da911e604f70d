#include "p2rec/cli/program.h"

#include <iostream>
#include <new>
#include <stdexcept>

#include "p2rec/cli/help_format.h"
#include "p2rec/cli/llm_command_line.h"
#include "p2rec/cli/process.h"
#include "p2rec/cli/run_commands.h"
#include "p2rec/cli/stage_commands.h"
#include "p2rec/task/task.h"

namespace p2rec {
namespace {

// The whole command line, and what to do for each command.
struct Program {
  CLI::App app{
      "P2Rec: sequential recommendation that starts from what a language model says about user preferences"};
  Actions actions;

  explicit Program(const std::vector<std::string>& arguments);
};

Program::Program(const std::vector<std::string>& arguments) {
  app.name("p2rec");
  app.formatter(std::make_shared<HelpFormat>());
  app.set_version_flag("--version", "p2rec " P2REC_VERSION, "prints the version");
  app.set_help_flag("-h,--help", "prints this help");
  app.allow_extras();
  add_stage_commands(app, actions, arguments);
  add_run_commands(app, actions);
  add_llm_commands(app, actions);
  app.require_subcommand(0, 1);
  app.footer(
      "p2rec COMMAND --help explains a command. The whole method on made-up data, with\n"
      "nothing to download:\n  p2rec run --out out/first");
}

std::vector<std::string> names_of(const std::vector<const CLI::App*>& commands) {
  std::vector<std::string> names;
  for (const CLI::App* command : commands) names.push_back(command->get_name());
  return names;
}

// What the command line holds beyond the options of its command.
[[noreturn]] void unexpected(const CLI::App& command, const std::string& found) {
  const std::string hint = "hint: " + path_of(command) + " --help";
  if (found.starts_with("-")) {
    const std::string name = found.substr(0, found.find('='));
    std::vector<std::string> known;
    for (const CLI::Option* option : command.get_options()) known.push_back(option->get_lnames().at(0));
    const std::string letters = name.substr(std::min(name.find_first_not_of('-'), name.size()));
    throw ag::InputError(name + ": there is no such option" + did_you_mean(letters, known, "--") + "; " +
                         hint);
  }
  const auto below = command.get_subcommands([](const CLI::App*) { return true; });
  if (!below.empty()) {
    throw ag::InputError("'" + found + "': there is no such command" + did_you_mean(found, names_of(below)) +
                         "; " + hint);
  }
  throw ag::InputError("'" + found + "': unexpected argument; lists are comma-separated (a,b,c); " + hint);
}

// The command that was given, as far as it was understood.
const CLI::App* given_command(const Program& program) {
  const CLI::App* command = &program.app;
  while (!command->get_subcommands().empty()) command = command->get_subcommands().front();
  return command;
}

// What to do for the command that was given, or null if a further word is missing.
const std::function<void()>* parsed_action(const Program& program) {
  const CLI::App* command = given_command(program);
  // What stands before a command, or behind "--", is left with the level above.
  for (const CLI::App* level = command; level; level = level->get_parent()) {
    if (const auto extra = level->remaining(); !extra.empty()) unexpected(*level, extra.front());
  }
  const auto found = program.actions.find(command);
  if (found != program.actions.end()) return &found->second;
  std::cerr << command->help(command->get_parent() ? path_of(*command->get_parent()) : "");
  return nullptr;
}

int report(const std::string& message, int code) {
  std::cout.flush();
  std::cerr << "p2rec: error: " + message + "\n";
  return code;
}

// CLI11 begins its messages with the option, and counts what belongs to it.
std::string mistake_of(const Program& program, const CLI::ParseError& error) {
  std::string message = error.what();
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error)) {
    const bool several = message.find("received") != std::string::npos;
    message = message.substr(0, message.find(':')) +
              (several ? ": found more than once; expected it once" : ": found no value; expected one");
  }
  return message + "; hint: " + path_of(*given_command(program)) + " --help";
}

constexpr int kFailure = 1, kMistake = 2, kStopped = 130;

int run(Program& program) {
  const auto* action = parsed_action(program);
  if (!action) return kMistake;
  (*action)();
  return 0;
}

// What the program says of the exception that is being handled, and its exit code.
int report_exception() {
  try {
    throw;
  } catch (const Interrupted&) {
    std::cerr << "stopped; resume with --resume\n";
    return kStopped;
  } catch (const ag::InputError& error) {
    return report(error.what(), kMistake);
  } catch (const std::bad_alloc&) {
    return report("not enough memory; hint: a smaller model or batch, or fewer data, need less", kFailure);
  } catch (const std::length_error&) {
    return report("not enough memory: something is larger than any memory", kFailure);
  } catch (const std::exception& error) {
    return report(error.what(), kFailure);
  }
}

}  // namespace

int run_program(int argc, const char* const* argv) {
  prepare_process();
  try {
    Program program({argv + 1, argv + argc});
    int code = 0;
    try {
      program.app.parse(argc, argv);
      code = run(program);
    } catch (const CLI::ParseError& error) {
      if (error.get_exit_code() != 0) return report(mistake_of(program, error), kMistake);
      program.app.exit(error);  // --help, --version
    }
    check_output();
    return code;
  } catch (...) {
    return report_exception();
  }
}

}  // namespace p2rec
