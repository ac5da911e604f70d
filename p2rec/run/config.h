// The configuration of a run: a list of sections, each a struct that describes itself (nn/io/describe.h).
// Command line, TOML file, fingerprint and report are visitors of that list.
#pragma once

#include <any>
#include <functional>
#include <string>
#include <vector>

#include "autograd/device.h"
#include "nn/io/describe.h"
#include "p2rec/data/data_config.h"

namespace p2rec {

class Section {
 public:
  // `name`: the name that stages declare. `heading`: above its options in the help.
  // `prefix`: in front of its options' names ("teacher."). `prepare` is called before options are set; it may
  // copy defaults from another struct.
  template <class Config>
  static Section of(std::string name, std::string heading, Config& config, std::string prefix = "",
                    std::function<void()> prepare = {}) {
    Section section;
    section.name = std::move(name);
    section.heading = std::move(heading);
    section.prepare = std::move(prepare);
    section.config_ = &config;
    section.visit = [&config, prefix = std::move(prefix)](const nn::Visit& visit_option) {
      describe(config, [&](nn::Option option, nn::Field field) {
        option.name = prefix + option.name;
        visit_option(option, field);
      });
    };
    return section;
  }

  // The struct. Throws ag::Error if it has another type.
  template <class Config>
  const Config& as() const {
    const auto* config = std::any_cast<Config*>(&config_);
    AG_CHECK(config, "the section '", name, "' is of another type");
    return **config;
  }

  std::string name, heading;
  std::function<void()> prepare;
  std::function<void(const nn::Visit&)> visit;

 private:
  std::any config_;  // a pointer to the struct
};

using Sections = std::vector<Section>;

// Throws ag::Error for an unknown name.
const Section& section_named(const Sections& sections, const std::string& name);

// The engine's own options, the same for every method.
struct RunConfig {
  DataConfig data;   // data.name is empty if the method needs no data
  std::string out;   // folder of the run
  std::string from;  // folder of another run that the training starts from; empty: none
  std::vector<uint64_t> seeds = {1, 2, 3};
  double save_every = 30;  // seconds
  bool quiet = false;
  // The machine. These options change results only by rounding.
  std::string device = "cpu";  // cpu, cuda
  int threads = 0;             // 0: all cores
  double memory_limit = 0;     // GiB; 0: what the machine has
  // The treatment of an earlier run in the folder, for this call only: not written to config.toml.
  bool resume = false, overwrite = false;
  // Not an option: folders of runs whose stages are copied instead of run, if their fingerprints are the
  // same.
  std::vector<std::string> reuse = {};
};
void describe(RunConfig& config, const nn::Visit& visit);
void check(const RunConfig& config);

ag::Device device_of(const RunConfig& config);

}  // namespace p2rec
