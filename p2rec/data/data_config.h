// The options about data: files, columns, filters and the split.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>

#include "nn/io/describe.h"

namespace p2rec {

enum class SplitRule : uint8_t {
  Auto,         // the split that comes with the data, or else leave-one-out
  LeaveOneOut,  // each user's last interaction is the test target, the one before it the validation target
  Temporal,     // one cut in time for all users (split.h)
};

struct DataConfig {
  std::string name = "synthetic";  // a file or folder (read_interactions.h), or "synthetic"
  std::string titles = {};  // a file of titles (titles.h); empty: the one beside the data, if there is one
  // A column's name, or its number (from 1) in a file without a header. Empty: found by its usual names
  // (columns.h).
  std::string user_column = {}, item_column = {}, time_column = {}, rating_column = {}, label_column = {};
  bool user_lines = false;  // each line is one user's sequence, `user item item ...`
  // Filters, in this order. -INFINITY keeps all.
  double min_rating = -INFINITY, min_label = -INFINITY;
  int64_t k_core = 0;  // repeatedly removes users and items with fewer interactions
  SplitRule split = SplitRule::Auto;
  // Temporal split: the shares of all interactions before the cuts.
  double validation_cut = 0.8, test_cut = 0.9;

  bool names_columns() const {
    return !(user_column + item_column + time_column + rating_column + label_column).empty();
  }
};
void describe(DataConfig& config, const nn::Visit& visit);
void check(const DataConfig& config);  // throws ag::InputError for options that exclude each other

}  // namespace p2rec
