#include "p2rec/methods/study.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "p2rec/methods/tune.h"

namespace p2rec {
namespace {

// The options of a table: those named PREFIX.NAME, without the prefix.
GivenOptions options_in(const GivenOptions& file, const std::string& table) {
  GivenOptions options;
  for (const auto& [name, given] : file) {
    if (name.starts_with(table + ".")) options[name.substr(table.size() + 1)] = given;
  }
  return options;
}

Given set_by_study(const std::string& text) { return {{text}, "p2rec study"}; }

std::vector<std::string> list_in(const GivenOptions& options, const std::string& name) {
  const auto found = options.find(name);
  return found == options.end() ? std::vector<std::string>() : found->second.values;
}

// The options that every run shares: those outside of the study's tables.
GivenOptions shared_options(const GivenOptions& file) {
  GivenOptions shared = file;
  std::erase_if(shared, [](const auto& option) {
    return std::ranges::any_of(std::array{"study.", "models.", "runs."},
                               [&](const char* table) { return option.first.starts_with(table); });
  });
  return shared;
}

std::set<std::string> known_options(const GivenOptions& kind) {
  const auto settings = settings_of(kind);
  const std::vector<std::string> names = option_names(settings->sections());
  return {names.begin(), names.end()};
}

// The options of a run's own table, and of its recommender's unless the method trains none.
GivenOptions own_options(const GivenOptions& file, const std::string& name, const std::string& model) {
  GivenOptions own = options_in(file, "runs." + name);
  for (const char* of_study : {"models", "trials"}) own.erase(of_study);
  if (!own.contains("method")) own["method"] = set_by_study(name);
  if (!known_options({{"method", own.at("method")}}).contains("model")) return own;
  GivenOptions all = options_in(file, "models." + model);
  if (!all.contains("model")) all["model"] = set_by_study(model);
  return with(std::move(all), own);
}

// Adds to `used` the shared options that the run has.
StudyRun run_of(const GivenOptions& file, const std::string& name, const std::string& model,
                const nn::Path& out, std::set<std::string>& used) {
  const GivenOptions own = own_options(file, name, model);
  GivenOptions kind = {{"method", own.at("method")}};
  if (own.contains("model")) kind["model"] = own.at("model");
  const std::set<std::string> known = known_options(kind);
  StudyRun run{name, model, {}, 0};
  for (const auto& [option, given] : shared_options(file)) {
    if (!known.contains(option)) continue;
    run.options[option] = given;
    used.insert(option);
  }
  run.options = with(std::move(run.options), own);
  run.options["out"] = set_by_study((out / name / model).string());
  run.options["resume"] = set_by_study("true");
  settings_of({}, run.options);  // throws for wrong values
  return run;
}

// The number of trials in a table, or `usual`.
int64_t trials_in(const GivenOptions& options, int64_t usual) {
  const auto found = options.find("trials");
  if (found == options.end()) return usual;
  const std::string& text = found->second.values.at(0);
  int64_t trials = -1;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), trials);
  INPUT_CHECK(problem == std::errc() && end == text.data() + text.size() && trials >= 0, found->second.place,
              ": found '", text, "'; expected an integer, at least 0");
  return trials;
}

void check_names(const GivenOptions& file, const Study& study) {
  for (const char* list : {"models", "runs"})
    INPUT_CHECK(!(list == std::string("models") ? study.models : study.runs).empty(), "study.", list,
                ": found none; expected a list of names; hint: p2rec/configs/study.toml is an example");
  for (const auto& [name, given] : file) {
    const size_t dot = name.find('.');
    const std::string table = name.substr(0, dot);
    if (table != "models" && table != "runs") continue;
    const std::string entry = name.substr(dot + 1, name.find('.', dot + 1) - dot - 1);
    const auto& listed = table == "models" ? study.models : study.runs;
    INPUT_CHECK(std::ranges::count(listed, entry) > 0, given.place, ": '", entry, "' is not in study.", table,
                did_you_mean(entry, listed));
  }
}

}  // namespace

std::vector<const StudyRun*> Study::of(const std::string& model) const {
  std::vector<const StudyRun*> found;
  for (const StudyRun& run : all) {
    if (run.model == model) found.push_back(&run);
  }
  return found;
}

Study study_of(const GivenOptions& file, const nn::Path& out) {
  const GivenOptions own = options_in(file, "study");
  Study study{list_in(own, "models"), list_in(own, "runs"), list_in(own, "baselines"), {}, out};
  check_names(file, study);
  std::set<std::string> used;
  for (const std::string& model : study.models) {
    for (const std::string& run : study.runs) {
      const std::vector<std::string> only = list_in(options_in(file, "runs." + run), "models");
      if (!only.empty() && !std::ranges::count(only, model)) continue;
      study.all.push_back(run_of(file, run, model, out, used));
      study.all.back().trials = trials_in(options_in(file, "runs." + run), trials_in(own, 0));
    }
  }
  for (const auto& [name, given] : shared_options(file))
    INPUT_CHECK(used.contains(name), given.place, ": no run of this study has such an option");
  return study;
}

// --- running -----------------------------------------------------------------------------------------------

namespace {

// The index of the first stage that can begin from another run's files.
size_t first_of_training(const Stages& stages, const std::string& run) {
  const auto first = std::ranges::find_if(stages, &Stage::begins_from_other);
  INPUT_CHECK(first != stages.end(), "runs.", run,
              ".method: a study compares rankings of items, which this method does not make; hint: p2rec, "
              "llm_init, llmemb, llmseqsim");
  return static_cast<size_t>(first - stages.begin());
}

// The stages before the training that a run's starts need, once for all recommenders.
void make_embeddings(const StudyRun& run, const nn::Path& folder, const std::vector<std::string>& reuse) {
  GivenOptions options = run.options;
  options["out"] = set_by_study(folder.string());
  const auto settings = settings_of({}, options);
  settings->run.reuse = reuse;
  const Sections sections = settings->sections();
  const Stages stages = settings->config->stages();
  for (const Stage* stage : needed_stages(stages, stages.back(), false)) {
    if (stage->begins_from_other) break;
    run_stages(settings->run, sections, stages, stage->name, stage->name);
  }
}

bool needs_embeddings(const Settings& settings) {
  const Stages stages = settings.config->stages();
  return !needed_stages(stages, stages.back(), false).front()->begins_from_other;
}

void train_and_rank(const StudyRun& run, const nn::Path& embeddings) {
  GivenOptions options = run.options;
  const auto alone = settings_of({}, options);
  if (needs_embeddings(*alone)) options["from"] = set_by_study(embeddings.string());
  const auto settings = settings_of({}, options);
  const Sections sections = settings->sections();
  const Stages stages = settings->config->stages();
  run_stages(settings->run, sections, stages, stages[first_of_training(stages, run.name)].name,
             stages.back().name);
  write_report(settings->run.out, report_plan(*settings));
}

// The best knobs of the run's trials, whose folders are added to `reuse`.
GivenOptions tuned_knobs(const StudyRun& run, const nn::Path& folder, std::vector<std::string>& reuse,
                         const std::function<void(const std::string&)>& say) {
  GivenOptions options = run.options;
  options["out"] = set_by_study(folder.string());
  if (run.trials == 0 || settings_of({}, options)->config->knobs().empty()) return {};
  const std::vector<Trial> trials = tune({}, options, run.trials, reuse);
  for (int64_t k = 1; k <= run.trials; ++k) reuse.push_back((folder / fmt::format("trial-{}", k)).string());
  say(trials_text(trials));
  nn::write_atomically(folder / "trials.txt", trials_text(trials));
  return best_of(trials).knobs;
}

}  // namespace

void run_study(const Study& study, const std::function<void(const std::string&)>& say) {
  std::vector<std::string> reuse;  // folders of finished stages
  for (const std::string& name : study.runs) {
    const nn::Path folder = study.out / name, embeddings = folder / "embeddings";
    nn::make_folder(folder);
    GivenOptions knobs;
    bool first = true;
    for (StudyRun run : study.all) {
      if (run.name != name) continue;
      say(name + ", " + run.model);
      if (first) knobs = tuned_knobs(run, folder / "tune", reuse, say);
      run.options = with(std::move(run.options), knobs);
      if (first) make_embeddings(run, embeddings, reuse);
      first = false;
      train_and_rank(run, embeddings);
    }
    reuse.push_back(embeddings.string());
  }
}

}  // namespace p2rec
