// Which stages a stage rests on: the artefacts that it reads, and of the starts only those that are asked for.
#include "p2rec/run/stage_needs.h"

#include "tests/testing.h"

using namespace p2rec;
using enum p2rec::Stage;
using Stages = std::vector<Stage>;

namespace {

Options with_starts(const std::vector<std::string>& starts) {
  Options o;
  o.starts = starts;
  return o;
}

}  // namespace

TEST_CASE("the stages behind a start") {
  CHECK((inputs_of(Train, with_starts({"random"})) == Stages{}));
  CHECK((inputs_of(Train, with_starts({"random", "teacher"})) == Stages{Pretrain}));
  CHECK((inputs_of(Train, with_starts({"groups"})) == Stages{Groups}));
  for (const char* start : {"p2rec", "p2rec_shuffled", "llm_untuned"})
    CHECK((inputs_of(Train, with_starts({start})) == Stages{Augment}));
  CHECK((inputs_of(Train, Options{}) == Stages{Pretrain, Groups, Augment}));
}

TEST_CASE("the stages behind a result") {
  CHECK((all_inputs_of(Evaluate, with_starts({"random"})) == Stages{Train}));
  CHECK((all_inputs_of(Evaluate, with_starts({"groups"})) == Stages{Pretrain, Groups, Train}));
  CHECK((all_inputs_of(Evaluate, Options{}) == Stages{Pretrain, Groups, Reconstruct, Augment, Train}));
  CHECK((all_inputs_of(Augment, with_starts({"random"})) == Stages{Pretrain, Groups, Reconstruct}));
  CHECK(all_inputs_of(Pretrain, Options{}).empty());
  Options popularity;
  popularity.model = "popularity";
  CHECK((all_inputs_of(Evaluate, popularity) == Stages{Train}));
  Options elsewhere;
  elsewhere.from = "other";
  CHECK((all_inputs_of(Evaluate, elsewhere) == Stages{Train}));
}
