#include "p2rec/data/data_config.h"

namespace p2rec {

void describe(DataConfig& c, const nn::Visit& visit) {
  visit({"data", "file or folder of interactions, or 'synthetic'"}, &c.name);
  visit({"titles", "file of items' titles, if it has no usual name beside the data"}, &c.titles);
  visit({"user-column", "column of users: its name, or its number in a file without a header"},
        &c.user_column);
  visit({"item-column", "column of items"}, &c.item_column);
  visit({"time-column", "column of times"}, &c.time_column);
  visit({"rating-column", "column of ratings"}, &c.rating_column);
  visit({"label-column", "column of labels"}, &c.label_column);
  visit({"user-lines", "each line is one user's sequence, `user item item ...`"}, &c.user_lines);
  visit({"min-rating", "leave out interactions with a lower rating; -inf: none"}, &c.min_rating);
  visit({"min-label", "leave out interactions with a lower label; -inf: none"}, &c.min_label);
  visit(
      {"k-core",
       "repeatedly leave out users and items with fewer than N interactions, until none is left; 0: keep all",
       nn::at_least(0)},
      &c.k_core);
  nn::visit_choice<SplitRule>(visit,
                              {"split",
                               "auto: the data's own split, else leave-one-out; temporal: one cut in time "
                               "per target, the same for all "
                               "users"},
                              c.split,
                              {{"auto", SplitRule::Auto},
                               {"leave-one-out", SplitRule::LeaveOneOut},
                               {"temporal", SplitRule::Temporal}});
  visit({"validation-cut", "temporal: share of the interactions before the validation cut", nn::kInside},
        &c.validation_cut);
  visit({"test-cut", "temporal: share of the interactions before the test cut", nn::kInside}, &c.test_cut);
}

void check(const DataConfig& c) {
  INPUT_CHECK(c.validation_cut < c.test_cut, "validation-cut: found ", c.validation_cut,
              "; expected less than test-cut, ", c.test_cut);
  INPUT_CHECK(!c.user_lines || !c.names_columns(),
              "user-lines: found together with the name of a column; expected one of them");
  const bool as_made = c.titles.empty() && !c.names_columns() && !c.user_lines && c.min_rating == -INFINITY &&
                       c.min_label == -INFINITY && c.k_core <= 1 && c.split != SplitRule::Temporal;
  INPUT_CHECK(
      c.name != "synthetic" || as_made,
      "data: synthetic data have no columns, filters, titles file or temporal split; expected none of "
      "these options; hint: name a file or folder with data");
}

}  // namespace p2rec
