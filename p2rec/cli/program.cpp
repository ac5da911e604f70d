#include "p2rec/cli/program.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <new>
#include <stdexcept>
#include <thread>

#include "autograd/communicator.h"
#include "autograd/gemm.h"
#include "p2rec/cli/commands.h"
#include "p2rec/cli/help_format.h"
#include "p2rec/task/task.h"

namespace p2rec {
namespace {

// Exit codes other than 0. kMistake: an option, a file or its content is wrong.
constexpr int kFailure = 1, kMistake = 2, kStopped = 130;

// Lets idle OpenMP threads sleep. By default they spin, and on a busy machine take the cores from threads
// that have work. libgomp reads the environment before main(), so the program restarts itself; if that
// fails, threads spin.
void let_idle_threads_sleep(char** argv) {
  if (std::getenv("OMP_WAIT_POLICY") || std::getenv("GOMP_SPINCOUNT")) return;
  setenv("OMP_WAIT_POLICY", "passive", 0);
  execv("/proc/self/exe", argv);
}

// Makes exceeding the file size limit a write error instead of a signal that kills the program. Replaces a
// standard stream that the caller closed by an unusable one: otherwise the next opened file would get its
// number, and printed text would go into that file.
void prepare_process() {
  ag::keep_freed_memory();
  std::signal(SIGXFSZ, SIG_IGN);
  for (const int stream : {0, 1, 2}) {
    if (fcntl(stream, F_GETFD) == -1) open("/dev/null", stream == 0 ? O_WRONLY : O_RDONLY);
  }
}

ag::Communicator ranks;  // of the program, from join_ranks() on

// Starts MPI if a launcher started this process. Only rank 0 prints results.
void join_ranks() {
  ranks = ag::Communicator::world();
  if (ranks.is_first()) return;
  const int nowhere = open("/dev/null", O_WRONLY);
  dup2(nowhere, STDOUT_FILENO);
  close(nowhere);
}

// Ends this rank. A rank with an error ends the others, which may wait for it; all ranks stop on request
// together.
int leave_ranks(int code) {
  if (code != 0 && code != kStopped) ag::Communicator::abort(code);
  ag::Communicator::leave();
  return code;
}

// Throws ag::Error if standard output could not be written, so that a truncated result is not taken
// for a complete one.
void check_output() {
  errno = 0;
  std::cout.flush();
  const std::string why = errno ? std::string(": ") + std::strerror(errno) : "";
  AG_CHECK(std::cout, "standard output cannot be written", why, "; hint: is the disk full?");
}

// The command line, and the function of each command.
struct Program {
  CLI::App app{
      "P2Rec: sequential recommendation with item embeddings from a language model that was fine-tuned on "
      "user preferences"};
  Actions actions, on_ranks;  // all; those that may run on several ranks

  explicit Program(const std::vector<std::string>& arguments) {
    app.name("p2rec");
    app.formatter(std::make_shared<HelpFormat>());
    app.set_version_flag("--version", "p2rec " P2REC_VERSION, "prints the version");
    app.set_help_flag("-h,--help", "prints this help");
    app.allow_extras();
    add_stage_commands(app, actions, arguments);
    on_ranks = actions;
    add_run_commands(app, actions);
    add_llm_commands(app, actions);
    app.require_subcommand(0, 1);
    app.footer(
        "p2rec help COMMAND explains a command. This runs the whole method on synthetic\n"
        "data, without any download:\n  p2rec run --out out/first");
  }
};

// Reports an argument that the command does not take.
[[noreturn]] void unexpected(const CLI::App& command, const std::string& found) {
  const std::string hint = help_hint(command);
  if (found.starts_with("-")) {
    const std::string name = found.substr(0, found.find('='));
    std::vector<std::string> known;
    for (const CLI::Option* option : command.get_options()) {
      if (!option->get_lnames().empty()) known.push_back(option->get_lnames().front());
    }
    const std::string letters = name.substr(std::min(name.find_first_not_of('-'), name.size()));
    throw ag::InputError(name + ": there is no such option" + did_you_mean(letters, known, "--") + hint);
  }
  std::vector<std::string> commands;
  for (const CLI::App* below : command.get_subcommands([](const CLI::App*) { return true; }))
    commands.push_back(below->get_name());
  throw ag::InputError("'" + found + "': " +
                       (commands.empty() ? "unexpected argument; lists are comma-separated (a,b,c)"
                                         : "there is no such command" + did_you_mean(found, commands)) +
                       hint);
}

// The innermost command that CLI11 recognised.
const CLI::App* given_command(const Program& program) {
  const CLI::App* command = &program.app;
  while (!command->get_subcommands().empty()) command = command->get_subcommands().front();
  return command;
}

// Runs the given command, or prints its help if a subcommand is missing. Returns the exit code.
int run(const Program& program) {
  const CLI::App* command = given_command(program);
  // CLI11 leaves words before a command, or after "--", to the level above.
  for (const CLI::App* level = command; level; level = level->get_parent()) {
    if (const auto extra = level->remaining(); !extra.empty()) unexpected(*level, extra.front());
  }
  const auto action = program.actions.find(command);
  if (action == program.actions.end()) {
    std::cerr << command->help(command->get_parent() ? path_of(*command->get_parent()) : "");
    return kMistake;
  }
  INPUT_CHECK(ranks.size() == 1 || program.on_ranks.contains(command), command->get_name(), ": found ",
              ranks.size(), " ranks; expected one process; hint: start it without mpirun");
  action->second();
  return 0;
}

// Most errors occur on all ranks. Rank 0 prints its error at once and ends the others before they print.
int report(const std::string& message, int code) {
  if (!ranks.is_first()) std::this_thread::sleep_for(std::chrono::seconds(3));
  std::cout.flush();
  std::cerr << "p2rec: error: " + (ranks.is_first() ? "" : ranks.name() + ": ") + message + "\n";
  return code;
}

// CLI11's message, rewritten if an option has no value or is given more than once.
std::string mistake_of(const Program& program, const CLI::ParseError& error) {
  std::string message = error.what();
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error)) {
    const bool several = message.find("received") != std::string::npos;
    message = message.substr(0, message.find(':')) +
              (several ? ": found more than once; expected it once" : ": found no value; expected one");
  }
  return message + help_hint(*given_command(program));
}

// Prints the exception being handled. Returns the exit code.
int report_exception() {
  try {
    throw;
  } catch (const Interrupted&) {
    if (ranks.is_first()) std::cerr << "stopped; resume with --resume\n";
    return kStopped;
  } catch (const ag::InputError& error) {
    return report(error.what(), kMistake);
  } catch (const std::bad_alloc&) {
    return report("not enough memory; hint: use a smaller model, a smaller batch or less data", kFailure);
  } catch (const std::length_error&) {
    return report("not enough memory: a requested size is too large for any memory", kFailure);
  } catch (const std::exception& error) {
    return report(error.what(), kFailure);
  }
}

// `p2rec help train` is `p2rec train --help`.
std::vector<std::string> arguments_of(int argc, const char* const* argv) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.empty() || arguments[0] != "help") return arguments;
  arguments.erase(arguments.begin());
  arguments.push_back("--help");
  return arguments;
}

// Parses and runs. Returns the exit code.
int run(Program& program, const std::vector<std::string>& arguments) {
  try {
    program.app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));  // in reverse order
    return run(program);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() != 0) return report(mistake_of(program, error), kMistake);
    if (const auto extra = program.app.remaining(); !extra.empty()) unexpected(program.app, extra.front());
    program.app.exit(error);  // --help, --version
    return 0;
  }
}

// Returns the exit code.
int run_on_this_rank(int argc, const char* const* argv) {
  prepare_process();
  try {
    join_ranks();
    const std::vector<std::string> arguments = arguments_of(argc, argv);
    Program program(arguments);
    const int code = run(program, arguments);
    check_output();
    return code;
  } catch (...) {
    return report_exception();
  }
}

}  // namespace

int run_program(int argc, char** argv) {
  let_idle_threads_sleep(argv);
  return leave_ranks(run_on_this_rank(argc, argv));
}

}  // namespace p2rec
