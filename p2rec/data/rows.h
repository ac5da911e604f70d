// Interactions as rows of a file. Readers make rows, filter_rows removes some, and build_interactions sorts
// the rest by user and time.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "p2rec/data/data_config.h"
#include "p2rec/data/interactions.h"

namespace p2rec {

// Distinct ids, numbered in the order of their first use.
class IdTable {
 public:
  IdTable() = default;
  IdTable(IdTable&&) = default;  // no copy: its views would point into the original
  IdTable& operator=(IdTable&&) = default;
  int32_t add(std::string_view id);
  const std::string& id(int32_t number) const { return ids_[static_cast<size_t>(number)]; }
  size_t size() const { return ids_.size(); }

 private:
  std::deque<std::string> ids_;  // elements of a deque do not move when others are added
  std::unordered_map<std::string_view, int32_t> number_of_;
};

// Whole units and a fraction in [0,1): nanoseconds since 1970 have more digits than a double.
using EventTime = std::pair<int64_t, double>;

// The part of a split that a row belongs to.
enum class Held : uint8_t { Training, Validation, Test };

struct Rows {
  IdTable users, items;
  std::vector<int32_t> user, item;  // per row: a number in the tables
  // Per row, or empty if the data have none.
  std::vector<EventTime> time;  // empty: the rows are in time order
  std::vector<float> rating, label;
  std::vector<Held> held;  // if the data come with a split
  std::string format;      // in words
  Facts facts;

  size_t size() const { return user.size(); }
  void keep(const std::vector<bool>& kept);  // removes the other rows, but not their ids
};

// Removes interactions with a low rating or label, then users and items with few interactions (the k-core).
// Adds the effect of each filter to rows.facts. Throws ag::InputError if the data lack the column of a
// filter, if nothing is left, and if all labels are 0 or 1 and min_label is not set: a 0 may mean that the
// item was only shown.
void filter_rows(Rows& rows, const DataConfig& config);

// Sorts each user's rows by time and splits them (split.h). Drops users and items without a row. Throws
// ag::InputError if the split is not possible.
Interactions build_interactions(Rows rows, const DataConfig& config);

}  // namespace p2rec
