// Stage: all that the engine knows about a stage. Context: all that a stage sees of a run. A method
// is a list of stages.
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
  std::string name = {};                  // also the command: `p2rec NAME`
  std::string help = {};                  // of the command
  std::vector<std::string> inputs = {};   // names of the stages whose files it reads
  std::vector<std::string> files = {};    // its files in the run's folder; '*' stands for any characters
  std::vector<std::string> configs = {};  // names of the sections that its result depends on (config.h)
  Sees sees = Sees::Training;             // the held-out items that it may see
  bool all_seeds = false;                 // its result depends on all seeds, not only on the first
  bool begins_from_other = false;         // with RunConfig::from, its inputs are in that folder
  // Throws ag::InputError early for what would fail late. All checks run before the first stage.
  std::function<void(const Context&)> check = {};
  // Writes the files. Returns the number of tokens read, from which the speed is computed.
  std::function<int64_t(const Context&)> run = {};
};

using Stages = std::vector<Stage>;

// Throws ag::InputError for an unknown name.
const Stage& stage_named(const Stages& stages, const std::string& name);

// `last` and the stages that it needs, in order. `from_other`: without stages whose files are in
// another run's folder.
std::vector<const Stage*> needed_stages(const Stages& stages, const Stage& last, bool from_other);

// The parts of a run that all stages share.
struct RunParts {
  const RunConfig& config;
  const Sections& sections;
  const Interactions& data;
  const ResultsFile& results;
  std::shared_ptr<Journal> journal;  // null while stages are only checked
};

// All that a stage sees of a run: only what it declares. So no fingerprint can miss an option, and no
// held-out item can reach a stage that must not see it.
class Context {
 public:
  Context(const RunParts& run, const Stage& stage, std::string fingerprint);

  // The interactions, without the held-out items that the stage must not see.
  const Interactions& data() const { return data_; }

  // The struct of a section. Throws ag::Error unless the stage declares it.
  template <class Config>
  const Config& config(const std::string& section) const {
    AG_CHECK(declares(stage_.configs, section), "the stage '", stage_.name,
             "' does not declare the section '", section, "'");
    return section_named(run_.sections, section).template as<Config>();
  }
  uint64_t seed() const { return run_.config.seeds.at(0); }
  // Throws ag::Error unless the stage declares all_seeds.
  const std::vector<uint64_t>& seeds() const;
  ag::Device device() const { return device_of(run_.config); }

  // The path of an earlier stage's file. Throws ag::Error unless the stage declares that stage as an input.
  nn::Path input(const std::string& stage, const std::string& file) const;
  bool has_input(const std::string& stage) const { return declares(stage_.inputs, stage); }
  // True if the inputs are in another run's folder: with RunConfig::from.
  bool inputs_are_elsewhere() const { return stage_.begins_from_other && !run_.config.from.empty(); }
  // The path of the stage's own file. Throws ag::Error unless the stage declares it.
  nn::Path output(const std::string& file) const;
  // Metadata for the files that it writes: the stage and its options.
  nn::Metadata metadata() const;

  Task task() const;
  void say(const std::string& line) const { run_.journal->say(line); }
  // Sorts the log lines of the task's parts, which ran in parallel.
  void sort_log(const std::vector<std::string>& parts) const { run_.journal->sort_log(stage_.name, parts); }
  // Stores results in results.json: the stage's own section, or the comparison of the method's arms.
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

// --- the engine (run.cpp) ----------------------------------------------------------------------------------

// Runs `last` and the stages that it needs, from `first` on; earlier stages must be done in the folder. With
// resume, skips a stage that is done; overwrite removes the files of `first` and later stages. Throws
// ag::InputError if a stage is begun or done and neither is given, and if the options or inputs of a stage
// have changed. All checks run before anything is removed or made. Throws Interrupted after a request to
// stop; everything is saved for resume.
void run_stages(const RunConfig& config, const Sections& sections, const Stages& stages,
                const std::string& first, const std::string& last);

}  // namespace p2rec
