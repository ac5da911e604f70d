// A method: a configuration, a list of stages, and sections of the report.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "p2rec/report/report.h"
#include "p2rec/run/config.h"
#include "p2rec/run/stage.h"

namespace p2rec {

// An option of a method that `p2rec tune` tries, and the values that it draws from.
struct Knob {
  std::string option;
  std::vector<std::string> values;  // as on the command line
};

class MethodConfig {
 public:
  virtual ~MethodConfig() = default;
  virtual Sections sections() = 0;
  virtual void check() const = 0;  // throws ag::InputError for values that do not fit together
  virtual Stages stages() const = 0;
  virtual std::vector<Knob> knobs() const { return {}; }  // its own, not the recommender's
};

struct Method {
  const char* name;
  const char* paper;
  const char* help;
  std::unique_ptr<MethodConfig> (*default_config)();
  std::vector<ReportSection> (*report_sections)();
  bool interactions = true;  // false: the method needs no interactions, and none are loaded
  // For a reader who chooses a method (`p2rec methods`).
  const char* cost = "";      // what it computes, and what grows with the data
  const char* faithful = "";  // what is as in the paper or in its code
  const char* ours = "";      // what is this project's choice
};

}  // namespace p2rec
