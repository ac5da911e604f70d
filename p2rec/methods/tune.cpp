#include "p2rec/methods/tune.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "autograd/rng.h"
#include "models/recommenders/popularity.h"
#include "p2rec/methods/common/stages.h"
#include "p2rec/methods/common/trained.h"

namespace p2rec {
namespace {

constexpr uint32_t kKnobStream = ag::stream("tuning trials");
constexpr uint64_t kTuningSeed = 1;

Given set_by_tune(const std::string& text) { return {{text}, "p2rec tune"}; }

// The settings of trial k, from 1.
std::unique_ptr<Settings> settings_of_trial(const GivenOptions& file, const GivenOptions& command_line,
                                            const Settings& given, const Trial& trial, int64_t k) {
  const GivenOptions own = {{"out", set_by_tune(fmt::format("{}/trial-{}", given.run.out, k))},
                            {"starts", set_by_tune(given.choice.name)},
                            {"seeds", set_by_tune(std::to_string(given.run.seeds.at(0)))},
                            {"resume", set_by_tune("true")}};
  return settings_of(file, with(with(command_line, trial.knobs), own));
}

double run_trial(const Settings& settings, const Sections& sections) {
  const Stages stages = settings.config->stages();
  run_stages(settings.run, sections, stages, stages.front().name, "train");
  const Job job{settings.choice.name, settings.run.seeds.at(0)};
  return trained_from(nn::Path(settings.run.out) / job.file()).best();
}

void check_tunable(Settings& settings) {
  const std::string& method = settings.choice.name;
  INPUT_CHECK(!settings.config->knobs().empty(), "tune: the method '", method,
              "' has no options to tune; expected a method that is trained, for example p2rec");
  const auto& recommender = section_named(settings.sections(), "recommender").as<RecommenderConfig>();
  INPUT_CHECK(!recommender.model.as<models::PopularityConfig>(),
              "model: found popularity, which is counted; expected a model that is trained");
  INPUT_CHECK(recommender.patience > 0,
              "patience: found 0; expected at least 1, because trials are compared by validation");
}

}  // namespace

GivenOptions with(GivenOptions options, const GivenOptions& others) {
  for (const auto& [name, given] : others) options[name] = given;
  return options;
}

GivenOptions drawn_knobs(const std::vector<Knob>& knobs, int64_t trial) {
  const ag::RandomKey key{kTuningSeed, static_cast<uint32_t>(trial), kKnobStream};
  GivenOptions drawn;
  for (size_t i = 0; i < knobs.size(); ++i) {
    const auto& values = knobs[i].values;
    drawn[knobs[i].option] =
        set_by_tune(values[ag::random_below(key, i, static_cast<uint32_t>(values.size()))]);
  }
  return drawn;
}

std::vector<Trial> tune(const GivenOptions& file, const GivenOptions& command_line, int64_t trials,
                        std::vector<std::string> reuse) {
  const auto given = settings_of(file, command_line);
  check_tunable(*given);
  std::vector<Trial> done;
  for (int64_t k = 1; k <= trials; ++k) {
    Trial trial{k == 1 ? GivenOptions() : drawn_knobs(given->config->knobs(), k), 0};
    const auto settings = settings_of_trial(file, command_line, *given, trial, k);
    nn::make_folder(given->run.out);
    settings->run.reuse = reuse;
    reuse.push_back(settings->run.out);
    trial.validation = run_trial(*settings, settings->sections());
    AG_CHECK(!std::isnan(trial.validation), "tune: trial ", k, " was not validated");
    done.push_back(trial);
  }
  return done;
}

const Trial& best_of(const std::vector<Trial>& trials) {
  return *std::ranges::max_element(trials, {}, &Trial::validation);
}

std::string trials_text(const std::vector<Trial>& trials) {
  std::string text = "trial  validation NDCG@10  knobs\n";
  for (size_t k = 0; k < trials.size(); ++k) {
    std::string knobs;
    for (const auto& [name, given] : trials[k].knobs) knobs += " " + name + "=" + given.values[0];
    text += fmt::format("{:>5}{} {:>18.4f} {}\n", k + 1, &trials[k] == &best_of(trials) ? "*" : " ",
                        trials[k].validation, knobs.empty() ? " as given" : knobs);
  }
  return text;
}

}  // namespace p2rec
