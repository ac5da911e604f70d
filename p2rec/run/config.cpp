#include "p2rec/run/config.h"

#include <algorithm>

#include "autograd/device.h"

namespace p2rec {

const Section& section_named(const Sections& sections, const std::string& name) {
  const auto found = std::ranges::find(sections, name, &Section::name);
  AG_CHECK(found != sections.end(), "there is no section '", name, "' in this configuration");
  return *found;
}

void describe(RunConfig& c, const nn::Visit& visit) {
  describe(c.data, visit);
  visit({"out", "folder of the run"}, &c.out);
  visit({"from",
         "train: folder of another run. Its teacher, groups and embeddings are used unchanged, whatever "
         "options made them (default: --out)"},
        &c.from);
  visit(
      {"seeds", "seeds of the final training; all earlier stages use the first one", nn::between(1, 0x1p53)},
      &c.seeds);
  visit({"device",
         "device that trains and runs the models: the CPU, or the first CUDA device",
         nn::kAny,
         {"cpu", "cuda"}},
        &c.device);
  visit({"threads", "number of threads; 0: all cores", nn::between(0, 1024)}, &c.threads);
  visit({"memory-limit",
         "GiB that the program may use; 0: all memory of the machine. Stages that need more fail before they "
         "start",
         nn::at_least(0)},
        &c.memory_limit);
  visit({"save-every", "seconds between a stage's checkpoints", nn::at_least(0)}, &c.save_every);
  visit({"resume", "resume the interrupted run in --out"}, &c.resume);
  visit({"overwrite", "delete the earlier run in --out and start over"}, &c.overwrite);
  visit({"quiet", "show no progress"}, &c.quiet);
}

void check(const RunConfig& c) {
  INPUT_CHECK(!(c.resume && c.overwrite), "resume: found together with overwrite; expected one of them");
}

ag::Device device_of(const RunConfig& c) { return c.device == "cuda" ? ag::Device::CUDA : ag::Device::CPU; }

}  // namespace p2rec
