#include "p2rec/methods/settings.h"

#include <algorithm>
#include <cctype>

#include "p2rec/run/options.h"

namespace p2rec {
namespace {

std::unique_ptr<Settings> with_options(const GivenOptions& given, bool ignore_unknown) {
  auto settings = std::make_unique<Settings>();
  set_options({Section::of("method", "", settings->choice)}, given, true);
  settings->config = settings->method().default_config();
  set_options(settings->sections(), given, ignore_unknown);
  if (!settings->method().interactions) settings->run.data.name.clear();
  return settings;
}

using OptionStrings = std::map<std::string, std::string>;

// The options that the stages declare, as strings.
OptionStrings option_strings(Settings& settings, const std::vector<const Stage*>& stages) {
  OptionStrings options;
  const Sections sections = settings.sections();
  for (const Stage* stage : stages) {
    for (const std::string& name : stage->configs) {
      section_named(sections, name).visit([&](const nn::Option& option, nn::Field field) {
        options[option.name] = to_text(field);
      });
    }
  }
  return options;
}

// The options that differ from their defaults and, with a prefix, from the option without it
// ("teacher.hidden" from "hidden").
std::vector<ShownOption> shown_options(Settings& defaults, const OptionStrings& options,
                                       const OptionStrings& usual) {
  std::vector<ShownOption> shown;
  for (const OptionHelp& option : option_help(defaults.sections())) {
    const auto here = options.find(option.name);
    if (here == options.end() || option.name == "llm" || option.name == "model") continue;
    if (here->second == usual.at(option.name)) continue;
    const size_t dot = option.name.find('.');
    const auto other = dot == std::string::npos ? options.end() : options.find(option.name.substr(dot + 1));
    if (other != options.end() && other->second == here->second) continue;
    shown.push_back({option.name, option.text, here->second, usual.at(option.name)});
  }
  return shown;
}

// "ml-100k" for "data/ml-100k/".
std::string name_of_data(const std::string& data) {
  const std::string name = (nn::Path(data) / "").parent_path().filename().string();
  return name.empty() ? data : name;
}

// A word of a command, quoted if a shell would split or change it.
std::string in_shell(const std::string& word) {
  const auto plain = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) ||
           std::string_view("-._/").find(c) != std::string::npos;
  };
  if (std::ranges::all_of(word, plain)) return word;
  std::string quoted;
  for (const char c : word) quoted += c == '\'' ? "'\\''" : std::string(1, c);
  return "'" + quoted + "'";
}

}  // namespace

void describe(MethodChoice& choice, const nn::Visit& visit) {
  visit({"method", "method that makes the item vectors; each has its own stages and options", nn::kAny,
         method_names()},
        &choice.name);
}

Sections Settings::sections() {
  const char* heading = "Input and output";
  Sections all = {Section::of("run", heading, run), Section::of("method", heading, choice)};
  for (Section& section : config->sections()) all.push_back(std::move(section));
  return all;
}

std::unique_ptr<Settings> settings_of(const GivenOptions& file, const GivenOptions& command_line) {
  if (!file.empty()) with_options(file, false);  // throws if the file's own method lacks one of its options
  GivenOptions merged = command_line;
  merged.insert(file.begin(), file.end());
  auto settings = with_options(merged, true);
  const std::vector<std::string> known = option_names(settings->sections());
  for (const auto& [name, given] : command_line) {
    INPUT_CHECK(std::ranges::count(known, name), given.place, ": there is no such option here",
                did_you_mean(name, known, "--"));
  }
  check(settings->run);
  settings->config->check();
  return settings;
}

GivenOptions options_for_beginning(const GivenOptions& other) {
  GivenOptions taken = other;
  const auto settings = settings_of(other);
  const Sections sections = settings->sections();
  bool made_anew = false;
  for (const Stage& stage : settings->config->stages()) {
    made_anew |= stage.begins_from_other;
    if (!made_anew) continue;
    for (const std::string& name : stage.configs)
      section_named(sections, name).visit([&](const nn::Option& option, nn::Field) {
        taken.erase(option.name);
      });
  }
  return taken;
}

std::unique_ptr<Settings> settings_of_run(const nn::Path& folder) {
  std::error_code none;
  INPUT_CHECK(std::filesystem::is_directory(folder, none), folder.string(),
              " is not a folder; expected the folder of a run; hint: p2rec run makes one");
  return settings_of(read_config(folder / kConfigFile));
}

ReportPlan report_plan(Settings& settings) {
  const RunConfig& run = settings.run;
  const Stages stages = settings.config->stages();
  const std::vector<const Stage*> needed = needed_stages(stages, stages.back(), !run.from.empty());
  OptionStrings options = option_strings(settings, needed);
  GivenOptions same_kind = {{"method", {{settings.choice.name}, "method"}}};
  if (options.contains("model")) same_kind["model"] = {{options.at("model")}, "model"};
  const auto defaults = settings_of(same_kind);

  ReportPlan plan;
  plan.title = settings.choice.name;
  plan.facts = {{"Method", std::string(settings.method().help) + " (" + settings.method().paper + ")"}};
  if (settings.method().interactions) {
    plan.title += " on " + name_of_data(run.data.name);
    plan.facts.emplace_back("Data", run.data.name);
  }
  if (options.contains("llm")) plan.facts.emplace_back("Language model", options.at("llm"));
  if (options.contains("model")) plan.facts.emplace_back("Recommender", options.at("model"));
  std::vector<uint64_t> seeds = run.seeds;
  if (options["model"] != "popularity") plan.facts.emplace_back("Seeds", to_text(&seeds));
  plan.options = shown_options(*defaults, options, option_strings(*defaults, needed));
  for (const Stage* stage : needed) {
    plan.stages.push_back(stage->name);
    plan.files.insert(plan.files.end(), stage->files.begin(), stage->files.end());
  }
  const std::string command = "p2rec run --config " + in_shell(run.out + "/config.toml");
  plan.resume = command + " --resume";
  plan.again = command + " --out " + in_shell(run.out + "-again");
  plan.sections = settings.method().report_sections();
  return plan;
}

}  // namespace p2rec
