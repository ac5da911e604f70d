#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <set>

#include "nn/io/file_owner.h"
#include "p2rec/cli/commands.h"
#include "p2rec/methods/settings.h"
#include "p2rec/methods/study.h"
#include "p2rec/methods/tune.h"
#include "p2rec/run/options.h"
#include "p2rec/run/results_file.h"
#include "p2rec/run/stage.h"
#include "p2rec/task/task.h"

namespace p2rec {
namespace {

const std::string kAll = "run";  // the command for all stages; every other command has its stage's name

// The value of an option in unparsed arguments; "" if it is not given.
std::string value_among(const std::vector<std::string>& arguments, const std::string& name) {
  const std::string option = "--" + name;
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == option && i + 1 < arguments.size()) return arguments[i + 1];
    if (arguments[i].starts_with(option + "=")) return arguments[i].substr(option.size() + 1);
  }
  return "";
}

// The options in a command's configuration file: --config, or else config.toml of the run that a stage
// continues (--out) or starts from (--from). `run` reads only --config.
GivenOptions read_config_of(const std::string& command,
                            const std::function<std::string(const std::string&)>& value) {
  if (const std::string file = value("config"); !file.empty()) return read_config(file);
  if (command == kAll) return {};
  for (const char* folder : {"out", "from"}) {
    const nn::Path file = nn::Path(value(folder)) / kConfigFile;
    std::error_code none;
    if (value(folder).empty() || !std::filesystem::exists(file, none)) continue;
    const GivenOptions options = read_config(file);
    return folder == std::string("from") ? options_for_beginning(options) : options;
  }
  return {};
}

// The settings whose options the help shows. Errors in the arguments are reported when the command runs.
std::shared_ptr<Settings> settings_for_help(const std::vector<std::string>& arguments) {
  try {
    const auto value = [&](const std::string& name) { return value_among(arguments, name); };
    GivenOptions chosen, file = read_config_of(arguments.empty() ? "" : arguments[0], value);
    for (const std::string name : {"method", "model"}) {
      if (!value(name).empty()) chosen[name] = {{value(name)}, "--" + name};
    }
    std::erase_if(file, [](const auto& o) { return o.first != "method" && o.first != "model"; });
    return settings_of(file, chosen);
  } catch (const std::exception&) {
    return settings_of({});
  }
}

// Says what a run takes from the run in --from.
std::string taken_text(const Settings& settings, const Sections& sections) {
  std::string taken;
  for (const Section& section : sections) {
    section.visit([&](const nn::Option& option, nn::Field field) {
      for (const char* name : {"data", "llm", "seeds"}) {
        if (option.name == name)
          taken += std::string(taken.empty() ? "" : ", ") + name + " = " + to_text(field);
      }
    });
  }
  return "from " + settings.run.from + ": " + taken +
         ", and the files of its stages.\nAll other options have the model's defaults unless given.\n";
}

// Runs the stages; after the method's last one, writes the report and prints the results.
void run_command(Settings& settings, const std::string& command) {
  use_machine(settings.run);
  if (!nn::owns_files()) settings.run.quiet = true;
  install_stop_signals();
  if (std::filesystem::is_directory(settings.run.from) && !settings.run.quiet)  // else run_stages refuses it
    std::cerr << taken_text(settings, settings.sections());
  const Stages stages = settings.config->stages();
  const std::string first = command == kAll ? stages.front().name : command,
                    last = command == kAll ? stages.back().name : command;
  run_stages(settings.run, settings.sections(), stages, first, last);
  if (last != stages.back().name) return;
  const nn::Path folder = settings.run.out, report = write_report(folder, report_plan(settings));
  if (!settings.run.quiet) std::cerr << "report: " << report.string() << "\n";
  std::cout << summary_table(ResultsFile(folder).read().results.value()) << std::flush;
}

void add_stage_command(CLI::App& app, Actions& actions, const std::string& name, const std::string& help,
                       const std::shared_ptr<Settings>& shown) {
  CLI::App* command = app.add_subcommand(name, help);
  const std::string usual = name == kAll ? "" : " (default: the config.toml of --out, or else of --from)";
  add_string(*command, "config", "FILE",
             "TOML file with options, `name = value` lines as in a run's config.toml; the command line "
             "overrides it" +
                 usual);
  add_options(*command, shown->sections());
  actions[command] = [=] {
    const GivenOptions file =
        read_config_of(name, [&](const std::string& option) { return value_of(*command, option); });
    const auto settings = with_help_hint(
        *command, [&] { return settings_of(file, given_options(*command, shown->sections())); });
    INPUT_CHECK(!settings->run.out.empty(), "--out: not given; expected a folder for the run",
                help_hint(*command));
    run_command(*settings, name);
  };
}

// Adds `p2rec tune`, which takes the options of `run`.
void add_tune(CLI::App& app, Actions& actions, const std::shared_ptr<Settings>& shown) {
  const auto trials = std::make_shared<int64_t>(4);
  CLI::App* command = app.add_subcommand(
      "tune", "tries a method's own options at random, by validation; writes the best as OUT/best.toml");
  add_string(*command, "config", "FILE", "TOML file with options, as for run");
  add_number(*command, "trials", *trials, "number of trials, the given options included (default 4)");
  add_options(*command, shown->sections());
  actions[command] = [=] {
    const std::string config = value_of(*command, "config");
    const GivenOptions file = config.empty() ? GivenOptions() : read_config(config),
                       given = given_options(*command, shown->sections());
    const auto settings = with_help_hint(*command, [&] { return settings_of(file, given); });
    INPUT_CHECK(!settings->run.out.empty(), "--out: not given; expected a folder for the trials",
                help_hint(*command));
    INPUT_CHECK(*trials >= 1, "--trials: found ", *trials, "; expected at least 1", help_hint(*command));
    use_machine(settings->run);
    install_stop_signals();
    const std::vector<Trial> done = tune(file, given, *trials);
    GivenOptions best = given;
    for (const auto& [name, knob] : best_of(done).knobs) best[name] = knob;
    const nn::Path written = nn::Path(settings->run.out) / "best.toml";
    nn::write_atomically(written, to_toml(settings_of(file, best)->sections()));
    std::cout << trials_text(done) << written.string() << ": the options of the best trial\n";
  };
}

// Adds `p2rec study`.
void add_study(CLI::App& app, Actions& actions) {
  CLI::App* command = app.add_subcommand(
      "study", "compares methods and controls with several recommenders, as a TOML file says; resumes");
  add_string(*command, "config", "FILE", "the study: p2rec/methods/study.h describes it");
  add_string(*command, "out", "DIR", "folder of the study");
  for (const char* name : {"data", "llm"})
    add_string(*command, name, "FILE",
               std::string("the study's option ") + name + ", in place of the file's");
  add_machine_options(*command);
  actions[command] = [=] {
    use_machine(*command);
    install_stop_signals();
    const nn::Path out = required_value(*command, "out", "a folder for the study");
    GivenOptions file = read_config(required_value(*command, "config", "a study's TOML file"));
    for (const char* name : {"data", "llm"}) {
      if (given(*command, name)) file[name] = {{value_of(*command, name)}, std::string("--") + name};
    }
    const Study study = study_of(file, out);
    run_study(study, [](const std::string& line) {
      if (nn::owns_files()) std::cerr << line << "\n";
    });
    for (const std::string& model : study.models) {
      const std::string table = study_table(study, model);
      nn::write_atomically(out / (model + ".txt"), table);
      std::cout << table << "\n";
    }
    nn::write_atomically(out / "cost.txt", cost_table(study));
    std::cout << cost_table(study);
  };
}

}  // namespace

void add_stage_commands(CLI::App& app, Actions& actions, const std::vector<std::string>& arguments) {
  const std::shared_ptr<Settings> shown = settings_for_help(arguments);
  add_stage_command(app, actions, kAll, "runs all stages of the method", shown);
  add_tune(app, actions, shown);
  add_study(app, actions);
  std::set<std::string> added;
  const auto add = [&](const Stages& stages) {
    for (const Stage& stage : stages) {
      if (added.insert(stage.name).second) add_stage_command(app, actions, stage.name, stage.help, shown);
    }
  };
  add(shown->config->stages());
  for (const Method& method : methods()) add(method.default_config()->stages());
}

}  // namespace p2rec
