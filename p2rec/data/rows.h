// Interactions as files list them, one row for each. Readers make rows, filters take some away, and build_interactions puts those
// of each user in order.
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

// Distinct ids, numbered as they come.
class IdTable {
 public:
  IdTable() = default;
  IdTable(IdTable&&) = default;  // a copy's views would be of the original's ids
  IdTable& operator=(IdTable&&) = default;
  int32_t add(std::string_view id);
  const std::string& id(int32_t number) const { return ids_[static_cast<size_t>(number)]; }
  size_t size() const { return ids_.size(); }

 private:
  std::deque<std::string> ids_;  // which stay where they are as others come
  std::unordered_map<std::string_view, int32_t> number_of_;
};

// Whole units and what is over, [0,1): nanoseconds since 1970 have more digits than a double.
using EventTime = std::pair<int64_t, double>;

// Where a row lies in a split.
enum class Held : uint8_t { Training, Validation, Test };

struct Rows {
  IdTable users, items;
  std::vector<int32_t> user, item;  // per row: a number of the tables
  // Per row, or empty if the data have none.
  std::vector<EventTime> time;  // without times the order is that of the rows
  std::vector<float> rating, label;
  std::vector<Held> held;  // of a split that comes with the data
  std::string format;      // in words
  Facts facts;

  size_t size() const { return user.size(); }
  void keep(const std::vector<bool>& kept);  // takes the other rows away, not their ids
};

// Each user's rows in time order, split as the configuration says (split.h); users and items without a row are left out.
// Throws ag::InputError where the split cannot be made.
Interactions build_interactions(Rows rows, const DataConfig& config);

}  // namespace p2rec
