#include "p2rec/data/split.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "autograd/check.h"

namespace p2rec {
namespace {

// The rows of each user in time order; equal times keep the order of the rows.
std::vector<std::vector<size_t>> rows_in_order(const Rows& rows) {
  std::vector<std::vector<size_t>> rows_of(rows.users.size());
  for (size_t row = 0; row < rows.size(); ++row) rows_of[static_cast<size_t>(rows.user[row])].push_back(row);
  const auto key = [&](size_t row) {
    return std::pair(rows.held.empty() ? Held::Training : rows.held[row],
                     rows.time.empty() ? EventTime() : rows.time[row]);
  };
  for (std::vector<size_t>& mine : rows_of) std::ranges::stable_sort(mine, {}, key);
  return rows_of;
}

EventTime cut_at(const std::vector<EventTime>& sorted, double share) {
  return sorted[static_cast<size_t>(std::ceil(share * static_cast<double>(sorted.size()))) - 1];
}

// Sets `held` of each row by the cuts. Returns the cuts in words.
std::string hold_by_time(Rows& rows, const DataConfig& config) {
  INPUT_CHECK(
      !rows.time.empty(),
      "split: found temporal, but the data have no times; hint: --time-column NAME names their column");
  std::vector<EventTime> sorted = rows.time;
  std::ranges::sort(sorted);
  const EventTime validation = cut_at(sorted, config.validation_cut), test = cut_at(sorted, config.test_cut);
  rows.held.clear();
  for (const EventTime& time : rows.time)
    rows.held.push_back(time > test ? Held::Test : time > validation ? Held::Validation : Held::Training);
  return fmt::format("temporal: validation after the time {} (share {}), test after {} (share {})",
                     validation.first, config.validation_cut, test.first, config.test_cut);
}

// Drops a user's rows after the test target. Returns the cuts.
UserParts cut_rows(const Rows& rows, std::vector<size_t>& mine) {
  const auto count = [&](Held held) {
    return static_cast<int32_t>(std::ranges::count(mine, held, [&](size_t row) { return rows.held[row]; }));
  };
  const int32_t training = count(Held::Training), history = training + count(Held::Validation);
  const size_t kept = history == 0 ? 0 : static_cast<size_t>(history) + 1;
  if (kept < mine.size()) mine.resize(kept);
  return {training, history};
}

// The number of users with each target, in words.
std::string count_targets(const SplitRows& split, const std::string& rule) {
  int64_t validation = 0, test = 0;
  for (size_t u = 0; u < split.rows.size(); ++u) {
    const auto length = static_cast<int32_t>(split.rows[u].size());
    validation += split.parts[u].has(Target::Validation, length);
    test += split.parts[u].has(Target::Test, length);
  }
  INPUT_CHECK(validation > 0 && test > 0, "split: ", rule,
              " leaves users with a validation target: ", validation, ", with a test target: ", test,
              "; expected some of each; hint: other values of --validation-cut and --test-cut, or --split "
              "leave-one-out");
  return fmt::format("users with a validation target: {}, with a test target: {}", validation, test);
}

// Splits all users' rows by rows.held. Returns the effect in words.
std::string cut_all(const Rows& rows, SplitRows& split, const std::string& rule) {
  int64_t left = 0, users = 0;
  for (std::vector<size_t>& mine : split.rows) {
    const size_t before = mine.size();
    split.parts.push_back(cut_rows(rows, mine));
    left += static_cast<int64_t>(before - mine.size());
    users += before > 0 && mine.empty();
  }
  return rule + "; " + count_targets(split, rule) +
         fmt::format("; left out: interactions after the test target: {}, users with nothing before it: {}",
                     left, users);
}

}  // namespace

SplitRows split_rows(Rows& rows, const DataConfig& config) {
  const bool given = config.split == SplitRule::Auto && !rows.held.empty();
  std::string rule = "given: by the data's own files";
  if (!given) rows.held.clear();
  if (config.split == SplitRule::Temporal) rule = hold_by_time(rows, config);
  SplitRows split{rows_in_order(rows), {}};
  const std::string order = rows.time.empty() ? "as in the file" : "by time, equal times in the file's order";
  rows.facts.emplace_back("order", (given ? "training, validation, test; in each " : "") + order);
  const auto targets = std::ranges::count_if(split.rows, [](const auto& mine) { return mine.size() >= 3; });
  rows.facts.emplace_back("split", rows.held.empty()
                                       ? fmt::format("leave-one-out; users with targets: {}", targets)
                                       : cut_all(rows, split, rule));
  return split;
}

}  // namespace p2rec
