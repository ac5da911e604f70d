#include "p2rec/cli/commands.h"

#include <fcntl.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <new>
#include <stdexcept>

#include "autograd/gemm.h"
#include "p2rec/cli/help_format.h"
#include "p2rec/cli/llm_command_line.h"
#include "p2rec/data/large_data.h"
#include "p2rec/data/load_data.h"
#include "p2rec/data/stats.h"
#include "p2rec/evaluation/published_rows.h"
#include "p2rec/methods/common/final_recommenders.h"
#include "p2rec/methods/p2rec/report_plan.h"
#include "p2rec/report/report.h"
#include "p2rec/run/pipeline.h"
#include "p2rec/task/task.h"

namespace p2rec {
namespace {

struct StageCommand {
  const char* name;
  Stage first, last;
  const char* help;
};
const StageCommand kStageCommands[] = {
    {"run", Stage::Pretrain, Stage::Evaluate, "all stages of the method"},
    {"pretrain", Stage::Pretrain, Stage::Pretrain, "stage 1: trains the teacher, a recommender on ids alone"},
    {"groups", Stage::Groups, Stage::Groups,
     "stage 2: groups the teacher's items by k-means, and computes the users' preferences over the groups"},
    {"reconstruct", Stage::Reconstruct, Stage::Reconstruct,
     "stage 3: fine-tunes the language model to tell the users' preferences from their items"},
    {"augment", Stage::Augment, Stage::Augment, "stage 4: embeds every item as a virtual user"},
    {"train", Stage::Train, Stage::Train,
     "stage 5: trains recommenders from these embeddings and from the controls. A start needs the stage that "
     "made it and no other: with --starts random, or --model popularity, this is a plain recommender and "
     "needs no earlier stage"},
    {"evaluate", Stage::Evaluate, Stage::Evaluate,
     "stage 6: ranks the held-out items with what `train` left, writes results.json, ranks.tsv and "
     "report.html"},
};

// --- the commands ------------------------------------------------------------------------------------------

// A stage that goes on with a run, or that begins from another run, takes its options unless it is told others; what begins a
// run does not.
nn::Path config_of_the_run(CLI::App& command, const StageCommand& stage) {
  if (stage.first == Stage::Pretrain) return {};
  for (const char* folder : {"out", "from"}) {
    const auto* option = given(command, folder);
    if (!option) continue;
    const nn::Path config = nn::Path(option->as<std::string>()) / "config.toml";
    std::error_code none;
    if (std::filesystem::exists(config, none)) return config;
  }
  return {};
}

void add_stage_command(CLI::App& app, Actions& actions, const StageCommand& stage) {
  CLI::App* command = app.add_subcommand(stage.name, stage.help);
  command->add_option("--config")
      ->type_name("FILE")
      ->description(
          std::string("options from a TOML file, `name = value` lines as in a run's config.toml; the command "
                      "line comes first") +
          (stage.first == Stage::Pretrain ? "" : " (default: the config.toml of --out, or else of --from)"));
  add_table_options(*command);
  actions[command] = [=] {
    const Options options = read_options(*command, option_names(), config_of_the_run(*command, stage));
    INPUT_CHECK(!options.out.empty(), "--out: not given; expected a folder for the artefacts; hint: p2rec ",
                stage.name, " --help");
    install_stop_signals();
    run_stages(options, stage.first, stage.last);
  };
}

void add_recommend(CLI::App& app, Actions& actions) {
  CLI::App* command = app.add_subcommand("recommend", "the items that fit best behind a user's history");
  const auto request = std::make_shared<RecommendRequest>();
  command->add_option("--out", request->out, "folder of a run")->type_name("DIR");
  command->add_option("--user", request->user, "a user of the data, by id")->type_name("ID");
  command->add_option("--items")
      ->type_name("ID,ID,...")
      ->description("or a history: item ids, the latest one last");
  add_number(*command, "top", request->top, "so many items (default 10)");
  command
      ->add_option("--start", request->start,
                   "which of the trained recommenders (default p2rec, or the run's first)")
      ->type_name("NAME");
  add_number(*command, "seed", request->seed, "of which seed (default: the run's first)");
  add_table_options(*command, {"threads", "memory-limit"});
  actions[command] = [=] {
    read_options(*command);  // threads and memory
    const std::string hint = "; hint: p2rec recommend --help";
    INPUT_CHECK(!request->out.empty(), "--out: not given; expected the folder of a run", hint);
    if (const auto* items = given(*command, "items"))
      request->items = CLI::detail::split(items->as<std::string>(), ',');
    INPUT_CHECK(request->user.empty() != request->items.empty(), "--user, --items: found ",
                request->user.empty() ? "neither" : "both", "; expected one of them", hint);
    INPUT_CHECK(request->top >= 1, "--top: found ", request->top, "; expected at least 1", hint);
    recommend(*request, std::cout);
  };
}

// A command that needs the folder of a run and nothing else.
void add_command_on_a_run(CLI::App& app, Actions& actions, const char* name, const char* help,
                          void (*act)(const nn::Path& folder)) {
  CLI::App* command = app.add_subcommand(name, help);
  const auto folder = std::make_shared<std::string>();
  command->add_option("--out", *folder, "folder of a run")->type_name("DIR");
  actions[command] = [=] {
    INPUT_CHECK(!folder->empty(), "--out: not given; expected the folder of a run; hint: p2rec ", name,
                " --help");
    act(*folder);
  };
}

void print_results(const nn::Path& folder) {
  const RunResults run = ResultsFile(folder).read();
  INPUT_CHECK(run.results, folder.string(),
              ": holds no results; expected a run whose last stage is done; hint: p2rec evaluate --out ",
              folder.string());
  std::cout << splits_text(*run.results);
}

void print_report(const nn::Path& folder) {
  INPUT_CHECK(std::filesystem::is_directory(folder), "--out: ", folder.string(),
              " is no folder; expected the folder of a run");
  Options options;
  if (std::filesystem::exists(folder / "config.toml")) read_config(options, folder / "config.toml");
  std::cout << write_report(folder, report_plan(options)).string() << "\n";
}

void add_stats(CLI::App& app, Actions& actions) {
  CLI::App* command = app.add_subcommand("stats", "prints what was read: users, items, lengths, examples");
  add_table_options(*command, {"data"});
  actions[command] = [=] { std::cout << stats_text(load_data(read_options(*command).data)); };
}

void add_rows(CLI::App& app, Actions& actions) {
  CLI::App* command =
      app.add_subcommand("rows", "prints published figures beside those of runs; `make rows` makes the runs");
  struct Request {
    std::string published = "p2rec/configs/rows/published.tsv", out;
  };
  const auto request = std::make_shared<Request>();
  command
      ->add_option("--published", request->published,
                   "table of published rows (default " + request->published + ")")
      ->type_name("FILE");
  command->add_option("--out", request->out, "folder that holds a run for each row, of the row's name")
      ->type_name("DIR");
  actions[command] = [=] {
    INPUT_CHECK(!request->out.empty(),
                "--out: not given; expected a folder of runs; hint: p2rec rows --help");
    print_rows(request->published, request->out, std::cout);
  };
}

void add_synthesize(CLI::App& app, Actions& actions) {
  CLI::App* command = app.add_subcommand(
      "synthesize",
      "writes made-up interactions of any size, one line per user, to try out what a size costs");
  const auto config = std::make_shared<LargeDataConfig>();
  const auto file = std::make_shared<std::string>();
  add_number(*command, "users", config->users, "users (default " + std::to_string(config->users) + ")");
  add_number(*command, "items", config->items, "items (default " + std::to_string(config->items) + ")");
  add_number(*command, "mean-length", config->mean_length, "items of a user on average (default 8.9)");
  add_number(*command, "seed", config->seed, "of what is drawn (default 1)");
  command->add_option("--out", *file, "file to write")->type_name("FILE");
  actions[command] = [=] {
    INPUT_CHECK(!file->empty(), "--out: not given; expected a file to write; hint: p2rec synthesize --help");
    write_large_data(*file, *config);
  };
}

// The whole command line, and what to do for each command.
struct Program {
  CLI::App app{
      "P2Rec: sequential recommendation that starts from what a language model says about user preferences"};
  Actions actions;

  Program();
};

Program::Program() {
  app.name("p2rec");
  app.formatter(std::make_shared<HelpFormat>());
  app.set_version_flag("--version", "p2rec " P2REC_VERSION, "prints the version");
  app.set_help_flag("-h,--help", "prints this help");
  app.allow_extras();
  for (const StageCommand& stage : kStageCommands) add_stage_command(app, actions, stage);
  add_recommend(app, actions);
  add_command_on_a_run(
      app, actions, "results",
      "prints a run's results again, also for rare and frequent items, short and long histories",
      print_results);
  add_command_on_a_run(app, actions, "report",
                       "makes a run's report.html again from its other files, also of an unfinished run",
                       print_report);
  add_stats(app, actions);
  add_rows(app, actions);
  add_synthesize(app, actions);

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
  throw ag::InputError("'" + found +
                       "': found behind the options; expected nothing more; a list is written with commas; " +
                       hint);
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

// Whoever reads the output shall not take a part of it for the whole.
void check_output() {
  errno = 0;
  std::cout.flush();
  const std::string why = errno ? std::string(": ") + std::strerror(errno) : "";
  AG_CHECK(std::cout, "standard output cannot be written", why, "; hint: is the disk full?");
}

// What the program says of the exception that is being handled, and its exit code.
int report_exception() {
  try {
    throw;
  } catch (const Interrupted&) {
    std::cerr << "stopped; go on with --resume\n";
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

// A file that grows beyond the limit of its size shall be an error like a full disk, not the program's sudden end. A
// standard stream that the caller has closed is replaced by one that cannot be used: the next file to be opened would
// otherwise take its place, and what is printed would land in that file.
void prepare_process() {
  ag::keep_freed_memory();
  std::signal(SIGXFSZ, SIG_IGN);
  for (const int stream : {0, 1, 2}) {
    if (fcntl(stream, F_GETFD) == -1) open("/dev/null", stream == 0 ? O_WRONLY : O_RDONLY);
  }
}

}  // namespace

int run_program(int argc, const char* const* argv) {
  prepare_process();
  try {
    Program program;
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
