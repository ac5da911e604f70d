#include "p2rec/data/columns.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "autograd/check.h"

namespace p2rec {
namespace {

using Names = std::vector<std::string_view>;

struct Known {
  const char* option;
  std::string DataConfig::*field;
  Names first, usual;  // the usual ones in small letters, without _, - and blanks
};

const Known& known(Role role) {
  static const std::array<Known, 5> all = {
      Known{"user-column",
            &DataConfig::user_column,
            {"user_id"},
            {"user", "userid", "uid", "reviewerid", "session", "sessionid", "visitorid", "customerid",
             "memberid"}},
      Known{"item-column",
            &DataConfig::item_column,
            {"item_id", "parent_asin"},
            {"item", "itemid", "iid", "movie", "movieid", "asin", "product", "productid", "isbn", "bookid",
             "artistid", "trackid", "songid", "newsid", "videoid", "businessid"}},
      Known{"time-column",
            &DataConfig::time_column,
            {"timestamp"},
            {"time", "timestamp", "unixtime", "unixreviewtime", "ts"}},
      Known{"rating-column", &DataConfig::rating_column, {"rating"}, {"rating", "overall", "score", "stars"}},
      Known{"label-column", &DataConfig::label_column, {"label"}, {"label"}}};
  return all[static_cast<size_t>(role)];
}

std::string plain(std::string_view name) {
  std::string letters;
  for (const char c : name) {
    if (c != '_' && c != '-' && c != ' ')
      letters += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return letters;
}

bool is_one_of(std::string_view name, const Names& names) { return std::ranges::count(names, name) > 0; }

bool is_usual(std::string_view name, Role role) {
  return is_one_of(name, known(role).first) || is_one_of(plain(name), known(role).usual);
}

}  // namespace

bool names_an_id(std::string_view column) {
  return is_usual(column, Role::User) || is_usual(column, Role::Item) || column == "item_id_list";
}

std::string quoted_names(const std::vector<Column>& columns) {
  std::string text;
  for (const Column& c : columns) text += (text.empty() ? "'" : ", '") + c.name + "'";
  return text;
}

int find_column(const std::vector<Column>& columns, Role role, const DataConfig& config,
                const std::string& place) {
  const Known& names = known(role);
  const auto fitting = [&](auto&& fits) {
    std::vector<int> found;
    for (size_t i = 0; i < columns.size(); ++i) {
      if (fits(columns[i].name)) found.push_back(static_cast<int>(i));
    }
    return found;
  };
  if (const std::string& given = config.*names.field; !given.empty()) {
    const std::vector<int> found = fitting([&](const std::string& name) { return name == given; });
    INPUT_CHECK(!found.empty(), place, names.option, ": there is no column '", given, "'; found ",
                quoted_names(columns));
    return found[0];
  }
  std::vector<int> found = fitting([&](const std::string& name) { return is_one_of(name, names.first); });
  if (found.empty()) found = fitting([&](const std::string& name) { return is_usual(name, role); });
  if (found.empty()) return -1;
  INPUT_CHECK(found.size() == 1, place, "the columns '", columns[static_cast<size_t>(found[0])].name,
              "' and '", columns[static_cast<size_t>(found[1])].name,
              "' could both be meant; hint: choose one with --", names.option);
  return found[0];
}

int find_item_list(const std::vector<Column>& columns) {
  for (size_t i = 0; i < columns.size(); ++i) {
    const bool items = columns[i].type == "token_seq" && is_usual(columns[i].name, Role::Item);
    if (columns[i].name == "item_id_list" || items) return static_cast<int>(i);
  }
  return -1;
}

}  // namespace p2rec
