#include "p2rec/evaluation/ranked_users.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <ostream>

#include "p2rec/data/text_file.h"

namespace p2rec {
namespace {

constexpr const char* kAboutUsers = "user_id\titem_id\thistory\titem_count\trare";
constexpr size_t kColumnsAboutUsers = 5;

int64_t rank_in(const TextFile& file, const Line& line, std::string_view field) {
  const auto rank = parse_field<int64_t>(field);
  INPUT_CHECK(rank && *rank >= 0, file.at(line.number), "found '", field,
              "'; expected a rank, an integer, at least 0");
  return *rank;
}

}  // namespace

std::vector<bool> rare_items(const Interactions& data) {
  const std::vector<int64_t> counts = item_counts(data, CountedPart::Training);
  std::vector<size_t> order(counts.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, {}, [&](size_t item) { return counts[item]; });
  std::vector<bool> rare(counts.size(), false);
  for (size_t i = 0; i < counts.size() / 2; ++i) rare[order[i]] = true;
  return rare;
}

std::vector<RankedUser> describe_ranked_users(const Interactions& data, const std::vector<int64_t>& users,
                                              Target target) {
  const std::vector<int64_t> counts = item_counts(data, CountedPart::Training);
  const std::vector<bool> rare = rare_items(data);
  std::vector<RankedUser> described;
  for (const int64_t user : users) {
    const int32_t item = target_item(data, user, target);
    const auto index = static_cast<size_t>(item);
    described.push_back(
        {user, item, std::ssize(target_history(data, user, target)), counts[index], rare[index]});
  }
  return described;
}

std::vector<Split> splits_of(const std::vector<RankedUser>& users) {
  if (users.empty()) return {};
  std::vector<int64_t> lengths;
  for (const RankedUser& user : users) lengths.push_back(user.history);
  const auto middle = lengths.begin() + (std::ssize(lengths) - 1) / 2;
  std::nth_element(lengths.begin(), middle, lengths.end());
  std::vector<Split> splits = {
      {"rare", "the target is in the half of the items with the fewest training interactions", {}},
      {"frequent", "the target is in the other half", {}},
      {"short", "the history is at most as long as the median", {}},
      {"long", "the history is longer than the median", {}}};
  for (size_t i = 0; i < users.size(); ++i) {
    splits[users[i].rare ? 0 : 1].members.push_back(i);
    splits[users[i].history <= *middle ? 2 : 3].members.push_back(i);
  }
  std::erase_if(splits, [](const Split& split) { return split.members.empty(); });
  return splits;
}

Results ranking_results(const std::vector<RankedUser>& users, const RankingConfig& config) {
  const std::string rivals = config.against != RankedAgainst::Catalogue
                                 ? fmt::format("{} sampled items", config.negatives)
                             : config.filter_history ? "all items that the user does not have yet"
                                                     : "all items";
  Results results;
  results.about = "Each user’s last item is ranked among " + rivals +
                  ": HR@K is the share of users whose item is among the first K; NDCG@K is higher the nearer "
                  "the item is to the top.";
  results.unit = "user";
  results.measures = measure_names(config.cutoffs);
  results.headline = {"HR@10", "NDCG@10"};
  results.splits = splits_of(users);
  return results;
}

void write_ranks(const nn::Path& file, const Interactions& data, const std::vector<RankedUser>& users,
                 const std::vector<RanksColumn>& columns) {
  for (const RanksColumn& column : columns)
    AG_CHECK(column.ranks.size() == users.size(), "write_ranks: ", column.name, " has ", column.ranks.size(),
             " ranks of ", users.size(), " users");
  nn::write_atomically(file, [&](std::ostream& out) {
    out << kAboutUsers;
    for (const RanksColumn& column : columns) out << '\t' << column.name;
    out << '\n';
    for (size_t i = 0; i < users.size(); ++i) {
      const RankedUser& u = users[i];
      out << data.user_ids[static_cast<size_t>(u.user)] << '\t'
          << data.item_ids[static_cast<size_t>(u.target)] << '\t' << u.history << '\t' << u.item_count << '\t'
          << u.rare;
      for (const RanksColumn& column : columns) out << '\t' << column.ranks[i];
      out << '\n';
    }
  });
}

RanksTable read_ranks(const nn::Path& path) {
  const TextFile file(path, "table of ranks");
  std::vector<std::string_view> fields;
  const Line& head = file.lines().front();
  split_at("\t", head.text, fields);
  INPUT_CHECK(head.text.starts_with(kAboutUsers) && fields.size() > kColumnsAboutUsers, file.at(head.number),
              "expected the columns user_id, item_id, history, item_count, rare and one per recommender",
              "; hint: p2rec evaluate writes such a file");
  RanksTable table;
  std::vector<RanksColumn>& columns = table.columns;
  for (size_t c = kColumnsAboutUsers; c < fields.size(); ++c) columns.push_back({std::string(fields[c]), {}});
  INPUT_CHECK(file.lines().size() > 1, file.name(), ": there is no row below the header");
  for (const Line& line : std::span(file.lines()).subspan(1)) {
    split_at("\t", line.text, fields);
    INPUT_CHECK(fields.size() == kColumnsAboutUsers + columns.size(), file.at(line.number), "found ",
                fields.size(), " columns; expected ", kColumnsAboutUsers + columns.size());
    table.units.push_back(std::string(fields[0]) + '\t' + std::string(fields[1]));
    for (size_t c = 0; c < columns.size(); ++c)
      columns[c].ranks.push_back(rank_in(file, line, fields[kColumnsAboutUsers + c]));
  }
  return table;
}

}  // namespace p2rec
