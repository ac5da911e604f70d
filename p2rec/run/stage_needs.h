// Which earlier stages a stage rests on. The rule: a stage needs the artefacts that it reads, and of the starts only those
// that are asked for. So a plain recommender, `p2rec train --starts random`, needs no earlier stage at all.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "p2rec/run/options.h"

namespace p2rec {

// PopRec is counted, not trained: it has no starts, no epochs and no spread over seeds.
bool is_popularity(const Options& options);

// The stage whose artefact a start is made of; nothing for `random`.
std::optional<Stage> stage_behind(const std::string& start);

// The stages whose artefacts this one reads, ascending.
std::vector<Stage> inputs_of(Stage stage, const Options& options);

// The same with the stages behind those, as far as they belong into the run's own folder (Options::from).
std::vector<Stage> all_inputs_of(Stage stage, const Options& options);

}  // namespace p2rec
