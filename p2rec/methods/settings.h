// All options of a run: the engine's, the choice of a method, and the method's.
#pragma once

#include "p2rec/methods/registry.h"
#include "p2rec/run/options.h"

namespace p2rec {

struct MethodChoice {
  std::string name = "p2rec";
};
void describe(MethodChoice& choice, const nn::Visit& visit);

struct Settings {
  RunConfig run;
  MethodChoice choice;
  std::unique_ptr<MethodConfig> config;  // of the chosen method

  const Method& method() const { return method_named(choice.name); }
  Sections sections();
};

// Reads the method and the model first, because they decide which other options exist. The command line
// overrides the file. If it names another method or model than the file, the file's options that the new one
// lacks are ignored. Throws ag::InputError for unknown options and wrong values.
std::unique_ptr<Settings> settings_of(const GivenOptions& file, const GivenOptions& command_line = {});

// The options that a new run takes from `other` with --from: without those of the stages that the new run
// runs itself (its recommenders and their evaluation). These have the defaults of the new run's model.
GivenOptions options_for_beginning(const GivenOptions& other);

// The settings in a run's folder. Throws ag::InputError if it has none.
std::unique_ptr<Settings> settings_of_run(const nn::Path& folder);

// The report's content besides the run's files: the method, and options that differ from their defaults.
ReportPlan report_plan(Settings& settings);

}  // namespace p2rec
