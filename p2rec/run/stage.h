// A stage: what the engine knows of it, and what it sees of its surroundings. A method is a list of stages.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "autograd/device.h"
#include "nn/io/safetensors.h"
#include "p2rec/data/interactions.h"
#include "p2rec/run/config.h"
#include "p2rec/run/results_file.h"
#include "p2rec/task/task.h"

namespace p2rec {

class Context;

struct Stage {
  std::string name = {};                  // the command: `p2rec NAME`
  std::string help = {};                  // of the command
  std::vector<std::string> inputs = {};   // names of the stages whose files it reads
  std::vector<std::string> files = {};    // what it leaves in the run's folder; a '*' stands for anything
  std::vector<std::string> configs = {};  // names of the sections that its result depends on (config.h)
  Sees sees = Sees::Training;             // the held-out items that it may look at
  bool all_seeds = false;                 // its result depends on every seed, not only on the first one
  bool begins_from_other = false;         // with RunConfig::from, its inputs lie in that folder
  // Throws ag::InputError for what would fail late. All checks run before the first stage does.
  std::function<void(const Context&)> check = {};
  // Makes the files. Returns the number of tokens read, for the record of its speed.
  std::function<int64_t(const Context&)> run = {};
};

using Stages = std::vector<Stage>;

// Throws ag::InputError if there is none of that name.
const Stage& stage_named(const Stages& stages, const std::string& name);

// `last`, which is one of the stages, and those that it needs, in their order. `from_other`: those whose
// files lie in another run's folder are left out.
std::vector<const Stage*> needed_stages(const Stages& stages, const Stage& last, bool from_other);

// A run's parts, as the engine holds them for all stages.
struct RunParts {
  const RunConfig& config;
  const Sections& sections;
  const Interactions& data;
  const ResultsFile& results;
  std::shared_ptr<Journal> journal;  // null while stages are only checked
};

// What a stage sees of its surroundings: only what it declares. So no fingerprint can forget an option, and
// no held-out item can reach a stage that may not see it.
class Context {
 public:
  Context(const RunParts& run, const Stage& stage, std::string fingerprint);

  // The interactions, without the held-out items that the stage may not see.
  const Interactions& data() const { return data_; }

  // A configuration. Throws ag::Error unless the stage declares it.
  template <class Config>
  const Config& config(const std::string& section) const {
    AG_CHECK(declares(stage_.configs, section), "the stage '", stage_.name,
             "' does not declare the section '", section, "'");
    return section_named(run_.sections, section).template as<Config>();
  }
  uint64_t seed() const { return run_.config.seeds.at(0); }
  // Throws ag::Error unless the stage declares that it depends on all of them.
  const std::vector<uint64_t>& seeds() const;
  ag::Device device() const { return device_of(run_.config); }

  // A file of an earlier stage. Throws ag::Error unless the stage declares that one as an input.
  nn::Path input(const std::string& stage, const std::string& file) const;
  bool has_input(const std::string& stage) const { return declares(stage_.inputs, stage); }
  // A file of its own. Throws ag::Error unless the stage declares it.
  nn::Path output(const std::string& file) const;
  // For the files that it writes: which stage made them, with which options.
  nn::Metadata metadata() const;

  Task task() const;
  void say(const std::string& line) const { run_.journal->say(line); }
  // Sorts the log lines of the task's parts, which ran side by side.
  void sort_log(const std::vector<std::string>& parts) const { run_.journal->sort_log(stage_.name, parts); }
  // What the stage found, for results.json: a section of its own, and the comparison of the method's arms.
  void record(const nn::OrderedJson& section) const { run_.results.set_section(stage_.name, section); }
  void record(const Summary& summary) const { run_.results.set_results(stage_.name, summary); }

 private:
  static bool declares(const std::vector<std::string>& names, const std::string& name) {
    return std::ranges::find(names, name) != names.end();
  }

  const RunParts& run_;
  const Stage& stage_;
  std::string fingerprint_;
  Interactions data_;
};

}  // namespace p2rec
