#include "p2rec/evaluation/ranks_file.h"

#include <fmt/format.h>

#include <ostream>

#include "autograd/check.h"
#include "p2rec/data/text_file.h"

namespace p2rec {
namespace {

constexpr const char* kAboutUsers = "user_id\titem_id\thistory\titem_count\trare";
constexpr size_t kColumnsAboutUsers = 5;

int64_t rank_in(const TextFile& file, const Line& line, std::string_view field) {
  const auto rank = parse_field<int64_t>(field);
  INPUT_CHECK(rank && *rank >= 0, file.at(line.number), "found '", field,
              "'; expected a rank, a whole number from 0");
  return *rank;
}

}  // namespace

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
      out << fmt::format("{}\t{}\t{}\t{}\t{}", data.user_ids[static_cast<size_t>(u.user)],
                         data.item_ids[static_cast<size_t>(u.target)], u.history, u.item_count,
                         u.rare ? 1 : 0);
      for (const RanksColumn& column : columns) out << '\t' << column.ranks[i];
      out << '\n';
    }
  });
}

std::vector<RanksColumn> read_ranks(const nn::Path& path) {
  const TextFile file(path, "table of ranks");
  std::vector<std::string_view> fields;
  const Line& head = file.lines().front();
  split_at_tabs(head.text, fields);
  INPUT_CHECK(head.text.starts_with(kAboutUsers) && fields.size() > kColumnsAboutUsers, file.at(head.number),
              "expected the columns user_id, item_id, history, item_count, rare and those of recommenders",
              "; hint: p2rec evaluate writes such a file");
  std::vector<RanksColumn> columns;
  for (size_t c = kColumnsAboutUsers; c < fields.size(); ++c) columns.push_back({std::string(fields[c]), {}});
  INPUT_CHECK(file.lines().size() > 1, file.name(), ": there is no row below the header");
  for (size_t i = 1; i < file.lines().size(); ++i) {
    const Line& line = file.lines()[i];
    split_at_tabs(line.text, fields);
    INPUT_CHECK(fields.size() == kColumnsAboutUsers + columns.size(), file.at(line.number), "found ",
                fields.size(), " columns; expected ", kColumnsAboutUsers + columns.size());
    for (size_t c = 0; c < columns.size(); ++c)
      columns[c].ranks.push_back(rank_in(file, line, fields[kColumnsAboutUsers + c]));
  }
  return columns;
}

}  // namespace p2rec
