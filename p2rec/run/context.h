// What a stage sees of its surroundings: what it declares (stage.h), and nothing else. So no fingerprint can forget an option,
// and no held-out item can reach a stage that may not look at it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "autograd/device.h"
#include "nn/io/safetensors.h"
#include "p2rec/run/config.h"
#include "p2rec/run/results_file.h"
#include "p2rec/run/stage.h"
#include "p2rec/task/task.h"

namespace p2rec {

// A run's parts, as the engine holds them for all stages.
struct RunParts {
  const RunConfig& config;
  const Sections& sections;
  const Interactions& data;
  const ResultsFile& results;
  std::shared_ptr<Journal> journal;  // null while stages are only checked
};

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
  // For the files that it writes: by which stage and with which options they were made.
  nn::Metadata metadata() const;

  Task task() const;
  void say(const std::string& line) const { run_.journal->say(line); }
  // Sorts the log lines of the task's parts, after they ran side by side.
  void sort_log(const std::vector<std::string>& parts) const { run_.journal->sort_log(stage_.name, parts); }
  // What the stage found, for results.json: a section of its own, and the comparison of the method's arms.
  void record(const nn::OrderedJson& section) const { run_.results.set_section(stage_.name, section); }
  void record(const Summary& summary) const { run_.results.set_results(stage_.name, summary); }

 private:
  static bool declares(const std::vector<std::string>& names, const std::string& name);

  const RunParts& run_;
  const Stage& stage_;
  std::string fingerprint_;
  Interactions data_;
};

}  // namespace p2rec
