#include "18_p2rec/a_seven_steps.h"

namespace n18a = exercise::n18a;

namespace {

using n18a::Control, n18a::Made;

bool has(const Made& made, const std::string& part) { return made.from.find(part) != std::string::npos; }

}  // namespace

EXERCISE("18a", 5, "The seven steps, and the controls") {
  const n18a::Data data;
  const Made llm{"llm"};
  const auto same = [&](const std::string& name, const Made& got, const std::string& expected) {
    return grade.check(got.from == expected,
                       name + ": made from " + (got.from.empty() ? "nothing" : got.from));
  };
  grade.part("groups and preferences", [&] {
    const n18a::Result r = n18a::p2rec(data, llm);
    if (!same("the groups", r.groups, "groups(table(teacher(training, validation)))")) {
      grade.check(has(r.groups, "table("), "groups are clusters of the rows of the teacher's item table");
      grade.check(!has(r.groups, "llm"), "the language model has a part in the groups; it comes later");
      grade.check(!has(r.groups, "test"), "a leak: the teacher has seen the test items");
    }
    if (!same("the preferences", r.preferences, "preferences(training, " + r.groups.from + ")")) {
      grade.check(!has(r.preferences, "test"), "a leak: the preferences have seen the test items");
      grade.check(!has(r.preferences, "preferences(validation"), "a preference is of the training items");
    }
  });
  grade.part("the language model and the embeddings", [&] {
    const n18a::Result r = n18a::p2rec(data, llm);
    if (!same("the tuned model", r.tuned_llm, "reconstruct(llm, training, " + r.preferences.from + ")"))
      grade.check(has(r.tuned_llm, "preferences("), "it learns to reconstruct the users' preferences");
    if (!same("the embeddings", r.embeddings, "augment(" + r.tuned_llm.from + ")"))
      grade.check(r.embeddings.from != "augment(llm)", "the model before its fine-tuning has read the items");
  });
  grade.part("the recommender", [&] {
    const n18a::Result r = n18a::p2rec(data, llm);
    if (!same("its start", r.start, "components(" + r.embeddings.from + ")"))
      grade.check(r.start.from != r.embeddings.from,
                  "the embeddings have the language model's width: reduce them to that of the item table");
    if (!same("the recommender", r.recommender, "train(" + r.start.from + ", training, validation)")) {
      grade.check(!has(r.recommender, "test"), "a leak: it has seen the test items");
      grade.check(!has(r.recommender, "validation, training"), "training and validation are exchanged");
    }
  });
  grade.part("the ranks", [&] {
    const n18a::Result r = n18a::p2rec(data, llm);
    if (!same("the ranks", r.ranks, "ranks(" + r.recommender.from + ", test)")) {
      grade.check(!has(r.ranks, ", validation)") || has(r.ranks, "test"),
                  "ranks of the validation items, which have chosen the epoch: they are too good");
      grade.check(!has(r.ranks, "ranks(teacher"),
                  "the teacher was ranked; expected the recommender of step 6");
    }
  });
  grade.part("the controls", [&] {
    const n18a::Result r{.teacher = {"teacher"},
                         .groups = {},
                         .preferences = {},
                         .tuned_llm = {"tuned"},
                         .embeddings = {"augment(tuned)"},
                         .start = {"components(augment(tuned))"},
                         .recommender = {},
                         .ranks = {}};
    same("no start", n18a::start_of(Control::NoStart, llm, r), "random");
    const Made mixed = n18a::start_of(Control::NotTheItems, llm, r);
    if (!same("not the items", mixed, "shuffled(components(augment(tuned)))"))
      grade.check(mixed.from != "random",
                  "random numbers differ in scale and shape too: shuffle the method's");
    const Made untuned = n18a::start_of(Control::NoTuning, llm, r);
    if (!same("no tuning", untuned, "components(augment(llm))"))
      grade.check(untuned.from != "augment(llm)", "it needs the same reduction as the method's embeddings");
    same("no language model", n18a::start_of(Control::NoLlm, llm, r), "table(teacher)");
  });
}
