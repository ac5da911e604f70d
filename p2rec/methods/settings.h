// All that a run is told: the engine's options, the choice of a method, and the method's options.
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

// The method and the model decide which options there are, so they are read first. The command line overrides
// the file. If it names another method or model than the file does, the file's options that this one lacks
// are left out. Throws ag::InputError for all that is wrong with the options.
std::unique_ptr<Settings> settings_of(const GivenOptions& file, const GivenOptions& command_line = {});

// Of the options of a run: those that another run takes which begins from it. Everything that the new run makes
// itself, its recommenders and their evaluation, has the defaults of its own model.
GivenOptions options_for_beginning(const GivenOptions& other);

// Those of a run's folder. Throws ag::InputError if the folder holds none.
std::unique_ptr<Settings> settings_of_run(const nn::Path& folder);

// What the report says of a run besides its files: the method, and options that differ from their defaults.
ReportPlan report_plan(Settings& settings);

}  // namespace p2rec
