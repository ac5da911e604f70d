// What a command is told of the data: where they are, what their columns mean, what is left out, and how they are split.
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
  // Columns by name, or by their number from 1 where a file has no header. Empty: known by their usual names (columns.h).
  std::string user_column = {}, item_column = {}, time_column = {}, rating_column = {}, label_column = {};
  bool user_lines =
      false;  // each line is one user's, `user item item ...`, where that is not the only reading
  // Filters, in this order. -INFINITY keeps all.
  double min_rating = -INFINITY, min_label = -INFINITY;
  int64_t k_core =
      0;  // users and items with fewer interactions are left out, until none is left; 0 and 1 keep all
  SplitRule split = SplitRule::Auto;
  // Shares of all interactions that lie before the cuts of the temporal split.
  double validation_cut = 0.8, test_cut = 0.9;

  bool names_columns() const {
    return !(user_column + item_column + time_column + rating_column + label_column).empty();
  }
};
void describe(DataConfig& config, const nn::Visit& visit);
void check(const DataConfig& config);  // throws ag::InputError for options that exclude each other

}  // namespace p2rec
