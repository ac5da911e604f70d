// A method: a configuration, a list of stages, and sections of the report.
#pragma once

#include <memory>
#include <vector>

#include "p2rec/report/report.h"
#include "p2rec/run/config.h"
#include "p2rec/run/stage.h"

namespace p2rec {

class MethodConfig {
 public:
  virtual ~MethodConfig() = default;
  virtual Sections sections() = 0;
  virtual void check() const = 0;  // throws ag::InputError for values that do not fit together
  virtual Stages stages() const = 0;
};

struct Method {
  const char* name;
  const char* paper;
  const char* help;
  std::unique_ptr<MethodConfig> (*default_config)();
  std::vector<ReportSection> (*report_sections)();
  bool interactions = true;  // false: the method needs no interactions, and none are loaded
};

}  // namespace p2rec
