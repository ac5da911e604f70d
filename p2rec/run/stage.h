// What the engine knows of a stage. A method is a list of these.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "p2rec/data/interactions.h"

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

// The stages that the last one rests on and itself, in the list's order. `from_other`: what lies in another run's folder is
// left out.
std::vector<const Stage*> needed_stages(const Stages& stages, bool from_other);

}  // namespace p2rec
