#include "p2rec/methods/report_plan.h"

#include <algorithm>
#include <map>
#include <set>

namespace p2rec {
namespace {

using Texts = std::map<std::string, std::string>;

// The options of the sections that the stages declare, as text.
Texts texts_of(Settings& settings, const std::vector<const Stage*>& stages) {
  Texts texts;
  const Sections sections = settings.sections();
  for (const Stage* stage : stages) {
    for (const std::string& name : stage->configs) {
      section_named(sections, name).visit([&](const nn::Option& option, nn::Field field) {
        texts[option.name] = to_text(field);
      });
    }
  }
  return texts;
}

// "hidden" of "teacher.hidden"; empty for an option without a prefix.
std::string without_prefix(const std::string& name) {
  const size_t dot = name.find('.');
  return dot == std::string::npos ? "" : name.substr(dot + 1);
}

// Those that are not as usual, nor taken from another section, with their meaning.
std::vector<ShownOption> shown_options(Settings& settings, const Texts& texts, const Texts& usual) {
  std::vector<ShownOption> shown;
  for (const OptionHelp& option : option_help(settings.sections())) {
    const auto here = texts.find(option.name), other = texts.find(without_prefix(option.name));
    if (here == texts.end() || option.name == "llm" || option.name == "model") continue;
    if (here->second == usual.at(option.name)) continue;
    if (other != texts.end() && other->second == here->second) continue;
    shown.push_back({option.name, option.text, here->second, usual.at(option.name)});
  }
  return shown;
}

// "ml-100k" of "data/ml-100k/".
std::string name_of_data(const std::string& data) {
  const std::string name = (nn::Path(data) / "").parent_path().filename().string();
  return name.empty() ? data : name;
}

}  // namespace

ReportPlan report_plan(Settings& settings) {
  const RunConfig& run = settings.run;
  const Stages stages = settings.config->stages();
  const std::vector<const Stage*> needed = needed_stages(stages, stages.back(), !run.from.empty());
  Texts texts = texts_of(settings, needed);
  GivenOptions same_kind = {{"method", {{settings.choice.name}, "method"}}};
  if (texts.contains("model")) same_kind["model"] = {{texts.at("model")}, "model"};
  const Texts usual = texts_of(*settings_of(same_kind), needed);

  ReportPlan plan;
  plan.title = settings.choice.name + " on " + name_of_data(run.data);
  plan.facts = {{"Method", std::string(settings.method().help) + " (" + settings.method().paper + ")"},
                {"Data", run.data}};
  if (texts.contains("llm")) plan.facts.emplace_back("Language model", texts.at("llm"));
  if (texts.contains("model")) plan.facts.emplace_back("Recommender", texts.at("model"));
  std::vector<uint64_t> seeds = run.seeds;
  plan.facts.emplace_back("Seeds", to_text(&seeds));
  plan.options = shown_options(settings, texts, usual);
  for (const Stage* stage : needed) plan.stages.push_back(stage->name);
  plan.resume = "p2rec run --config " + run.out + "/config.toml --resume";
  plan.sections = settings.method().report_sections();
  return plan;
}

}  // namespace p2rec
