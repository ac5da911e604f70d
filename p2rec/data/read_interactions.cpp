#include "p2rec/data/read_interactions.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "autograd/check.h"
#include "p2rec/data/table.h"

namespace p2rec {
namespace {

using Words = std::vector<std::string_view>;

// --- numbers -----------------------------------------------------------------------------------------------

bool is_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// "1600000000000000120", "1600000000.5", "1.6e9": exact but for what a double cuts off a number with an exponent.
std::optional<EventTime> parse_time(std::string_view field) {
  const size_t point = std::min(field.find('.'), field.size());
  const std::string_view fraction = field.substr(point);
  const bool digits = fraction.empty() || is_digits(fraction.substr(1));
  const auto units = parse_field<int64_t>(field.substr(0, point));
  if (units && digits && (fraction.empty() || !field.starts_with('-')))
    return EventTime{*units, fraction.empty() ? 0 : *parse_field<double>(fraction)};
  const auto time = parse_field<double>(field);
  if (!time || !(std::abs(*time) < 0x1p63)) return std::nullopt;
  return EventTime{static_cast<int64_t>(std::floor(*time)), *time - std::floor(*time)};
}

EventTime read_time(const std::string& place, std::string_view field) {
  const auto time = parse_time(field);
  INPUT_CHECK(time, place, "the timestamp '", field, "' is not a number of at most 64 bits");
  return *time;
}

float read_number(const std::string& place, const char* what, std::string_view field) {
  const auto number = parse_field<float>(field);
  INPUT_CHECK(number && std::isfinite(*number), place, "the ", what, " '", field, "' is not a number");
  return *number;
}

// --- tables ------------------------------------------------------------------------------------------------

struct TableColumns {
  int user = -1, item = -1, time = -1, rating = -1, label = -1, list = -1;
};

TableColumns find_columns(const Table& table, const DataConfig& config) {
  TableColumns c;
  c.list = config.item_column.empty() ? find_item_list(table.columns()) : -1;
  c.user = static_cast<int>(table.require(Role::User, config));
  c.item = c.list < 0 ? static_cast<int>(table.require(Role::Item, config)) : table.find(Role::Item, config);
  if (c.item == c.list) c.item = -1;
  c.time = table.find(Role::Time, config);
  if (c.list >= 0) return c;  // its items have neither ratings nor labels
  c.rating = table.find(Role::Rating, config);
  c.label = table.find(Role::Label, config);
  return c;
}

// "user user_id, item item_id, rating stars (no filter); not used: review"
std::string columns_text(const Table& table, const TableColumns& c, const DataConfig& config) {
  std::string used, unused;
  std::vector<bool> is_used(table.columns().size(), false);
  const auto add = [&](const char* role, int column, const char* remark = "") {
    if (column < 0) return;
    is_used[static_cast<size_t>(column)] = true;
    used += (used.empty() ? "" : ", ") + std::string(role) + " " +
            table.columns()[static_cast<size_t>(column)].name + remark;
  };
  add("user", c.user);
  add("items", c.list);
  add("item", c.item);
  add("time", c.time);
  add("rating", c.rating, config.min_rating == -INFINITY ? " (no filter)" : "");
  add("label", c.label);
  for (size_t i = 0; i < is_used.size(); ++i) {
    if (!is_used[i]) unused += (unused.empty() ? "" : ", ") + table.columns()[i].name;
  }
  return used + "; not used: " + (unused.empty() ? "none" : unused);
}

void add_table(Rows& rows, const Table& table, const TableColumns& c) {
  const auto index = [](int column) { return static_cast<size_t>(column); };
  table.each_row([&](const Table::Row& row) {
    rows.user.push_back(rows.users.add(table.id(row, index(c.user))));
    rows.item.push_back(rows.items.add(table.id(row, index(c.item))));
    if (c.time >= 0) rows.time.push_back(read_time(table.at(row), row[index(c.time)]));
    if (c.rating >= 0) rows.rating.push_back(read_number(table.at(row), "rating", row[index(c.rating)]));
    if (c.label >= 0) rows.label.push_back(read_number(table.at(row), "label", row[index(c.label)]));
  });
}

// --- tables with lists of items ----------------------------------------------------------------------------

// The users' sequences as rows with lists tell them.
class JoinedLists {
 public:
  JoinedLists(Rows& rows, std::string place) : rows_(rows), place_(std::move(place)) {}

  // The items of a row, of which the last `targets` (0 or 1) is not of the list.
  void add(int32_t user, const std::vector<int32_t>& items, size_t targets, Held held) {
    if (static_cast<size_t>(user) >= sequences_.size()) {
      sequences_.resize(static_cast<size_t>(user) + 1);
      held_.resize(sequences_.size(), Held::Training);
    }
    std::vector<int32_t>& known = sequences_[static_cast<size_t>(user)];
    const auto list_end = items.end() - static_cast<std::ptrdiff_t>(targets);
    const auto length = list_end - items.begin(), before = std::ssize(known);
    const bool ends = length <= before && std::equal(items.begin(), list_end, known.end() - length);
    const bool goes_on = length > before && std::equal(known.begin(), known.end(), items.begin());
    INPUT_CHECK(ends || goes_on, place_, "the items of a row for the user '", rows_.users.id(user),
                "' neither end with nor go on from those of the rows before; expected each user's rows in "
                "time order");
    for (auto item = ends ? list_end : items.begin() + before; item != items.end(); ++item) {
      if (item >= list_end) held_[static_cast<size_t>(user)] = held;
      known.push_back(*item);
      rows_.user.push_back(user);
      rows_.item.push_back(*item);
      rows_.held.push_back(held_[static_cast<size_t>(user)]);
    }
  }

 private:
  Rows& rows_;
  std::string place_;
  std::vector<std::vector<int32_t>> sequences_;  // per user
  std::vector<Held> held_;                       // per user: as the last item is
};

// Rows in the order of their times where they have some; the items of the lists have none.
void add_lists(Rows& rows, const Table& table, const TableColumns& c, Held held, JoinedLists& joined) {
  struct ListRow {
    EventTime time;
    int32_t user;
    std::vector<int32_t> items;
  };
  std::vector<ListRow> list_rows;
  Words words;
  table.each_row([&](const Table::Row& row) {
    ListRow& added = list_rows.emplace_back();
    added.user = rows.users.add(table.id(row, static_cast<size_t>(c.user)));
    if (c.time >= 0) added.time = read_time(table.at(row), row[static_cast<size_t>(c.time)]);
    split_at_blanks(row[static_cast<size_t>(c.list)], words);
    for (const std::string_view item : words) added.items.push_back(rows.items.add(item));
    if (c.item >= 0) added.items.push_back(rows.items.add(table.id(row, static_cast<size_t>(c.item))));
    INPUT_CHECK(!added.items.empty(), table.at(row), "the list of items is empty");
  });
  std::ranges::stable_sort(list_rows, {}, &ListRow::time);
  for (const ListRow& row : list_rows) joined.add(row.user, row.items, c.item >= 0 ? 1 : 0, held);
}

// --- lines of ids ------------------------------------------------------------------------------------------

constexpr const char* kExpectedLines =
    "; expected on every line one pair `user item`, or on every line one user's whole sequence `user item "
    "item ...`, or a header "
    "that names the columns (user_id, item_id, timestamp; a RecBole atomic file's user_id:token, "
    "item_id:token, timestamp:float); "
    "hint: of a table without a header name the columns by number, user-column 1, item-column 2, time-column "
    "3";

// True if every line fits.
template <class Fits>
bool every_line(const std::vector<Line>& lines, const Fits& fits) {
  Words words;
  return std::ranges::all_of(lines, [&](const Line& line) {
    split_at_blanks(line.text, words);
    return fits(words);
  });
}

bool is_rating(std::string_view word) {
  const auto rating = parse_field<double>(word);
  return rating && *rating >= 0 && *rating <= 5 && 2 * *rating == std::floor(2 * *rating);
}

// In seconds since 1970 from 1973 on, or in a smaller unit.
bool is_late_time(std::string_view word) { return is_digits(word) && word.size() >= 9 && word[0] != '0'; }

bool are_rated_times(const std::vector<Line>& lines) {
  return every_line(lines,
                    [](const Words& w) { return w.size() == 4 && is_rating(w[2]) && is_late_time(w[3]); });
}

bool has_user_twice(const std::vector<Line>& lines) {
  IdTable users;
  Words words;
  for (const Line& line : lines) {
    split_at_blanks(line.text, words);
    users.add(words[0]);
  }
  return users.size() < lines.size();
}

void check_columns(const TextFile& file) {
  Words words;
  for (const Line& line : file.lines()) {
    split_at_blanks(line.text, words);
    INPUT_CHECK(words.size() >= 2, file.at(line.number), "found one column", kExpectedLines,
                "; without numbers or names, columns are separated by blanks or tabs");
    const auto comma = std::ranges::find_if(words, [](std::string_view w) { return w.find(',') != w.npos; });
    INPUT_CHECK(comma == words.end(), file.at(line.number), "found '", *comma,
                "', which may be one id with commas in it, or several ids; hint: user-column 1, item-column "
                "2 take it as one; "
                "`tr , ' '` makes a line of a user's items");
  }
}

// What may be a table as well as lines of users.
void check_one_meaning(const TextFile& file) {
  const bool timed =
      every_line(file.lines(), [](const Words& w) { return w.size() == 3 && is_late_time(w[2]); });
  const bool rated = are_rated_times(file.lines());
  INPUT_CHECK(!timed && !rated, file.name(), ": each line may be `user item", rated ? " rating" : "",
              " time`, or a user's sequence `user item item", rated ? " item" : "",
              "`, for no user is on two lines; hint: user-column 1, item-column 2, ",
              rated ? "rating-column 3, time-column 4" : "time-column 3",
              " say the first, user-lines the second");
}

// A first line of words above lines of numbers is a header that names no column we know, not a user.
void check_no_header(const TextFile& file, const Rows& rows) {
  bool numbers_below = rows.users.size() > 1;
  for (size_t i = 1; i < rows.users.size(); ++i)
    numbers_below = numbers_below && is_digits(rows.users.id(static_cast<int32_t>(i)));
  INPUT_CHECK(is_digits(rows.users.id(0)) || !numbers_below, file.at(file.lines().front().number),
              "the user '", rows.users.id(0),
              "' is the only one that is not a number, so this looks like a header", kExpectedLines,
              "; of one with a header, user-column and item-column by name");
}

Rows read_pairs(const TextFile& file) {
  Rows rows;
  Words words;
  for (const Line& line : file.lines()) {
    split_at_blanks(line.text, words);
    rows.user.push_back(rows.users.add(words[0]));
    rows.item.push_back(rows.items.add(words[1]));
  }
  rows.format = "one pair of user and item per line, in time order";
  return rows;
}

Rows read_user_lines(const TextFile& file) {
  Rows rows;
  std::vector<int64_t> line_of;  // per user
  Words words;
  for (const Line& line : file.lines()) {
    split_at_blanks(line.text, words);
    const int32_t user = rows.users.add(words[0]);
    INPUT_CHECK(user == static_cast<int32_t>(line_of.size()), file.at(line.number), "the user '", words[0],
                "' has a line already, line ", line_of[static_cast<size_t>(user)],
                ", and not every line is a pair", kExpectedLines);
    line_of.push_back(line.number);
    for (size_t i = 1; i < words.size(); ++i) {
      rows.user.push_back(user);
      rows.item.push_back(rows.items.add(words[i]));
    }
  }
  rows.format = "one line per user, items in time order";
  return rows;
}

Rows read_lines(const TextFile& file, const DataConfig& config) {
  check_columns(file);
  const bool pairs = every_line(file.lines(), [](const Words& w) { return w.size() == 2; });
  if (!config.user_lines && !pairs) check_one_meaning(file);
  Rows rows = pairs && !config.user_lines ? read_pairs(file) : read_user_lines(file);
  check_no_header(file, rows);
  return rows;
}

// --- any file ----------------------------------------------------------------------------------------------

// A table that needs no names of columns: MovieLens' without a header.
struct KnownTable {
  Layout layout;
  DataConfig columns;
};
std::optional<KnownTable> known_table(const std::vector<Line>& lines) {
  const DataConfig columns{.user_column = "1", .item_column = "2", .time_column = "4", .rating_column = "3"};
  Words fields;
  split_at("::", lines.front().text, fields);
  if (fields.size() == 4)
    return KnownTable{{Layout::Kind::NoHeader, "::", "MovieLens ratings.dat, user::item::rating::time"},
                      columns};
  if (are_rated_times(lines) && has_user_twice(lines))
    return KnownTable{{Layout::Kind::NoHeader, " ", "MovieLens u.data, columns user, item, rating, time"},
                      columns};
  return std::nullopt;
}

// Reads one file after another into the same rows.
class RowReader {
 public:
  explicit RowReader(const DataConfig& config) : config_(config) {}

  void read(const nn::Path& path, Held held) {
    const TextFile file(path, "interactions file");
    const std::string_view first = file.lines().front().text;
    const std::optional<Layout> layout = config_.user_lines ? std::nullopt : layout_by_header(first, config_);
    const auto known =
        layout || config_.user_lines || config_.names_columns() ? std::nullopt : known_table(file.lines());
    if (layout) {
      add(file, *layout, config_, held);
    } else if (known) {
      add(file, known->layout, known->columns, held);
    } else if (config_.names_columns()) {
      add(file, layout_without_header(first), config_, held);
    } else {
      INPUT_CHECK(held == Held::Training && rows_.size() == 0, file.name(),
                  ": expected a header, as each file of a split has");
      rows_ = read_lines(file, config_);
    }
  }

  Rows take() { return std::move(rows_); }

 private:
  void add(const TextFile& file, const Layout& layout, const DataConfig& config, Held held) {
    const Table table(file, layout);
    const TableColumns columns = find_columns(table, config);
    const size_t before = rows_.size();
    if (columns.list >= 0) {
      if (!joined_) joined_.emplace(rows_, file.name() + ": ");
      add_lists(rows_, table, columns, held, *joined_);
    } else {
      add_table(rows_, table, columns);
      rows_.held.resize(rows_.size(), held);
    }
    INPUT_CHECK(rows_.size() > before, file.name(), ": there is no row below the header");
    rows_.format = layout.name;
    rows_.facts = {{"columns", columns_text(table, columns, config_)}};
    const auto complete = [&](size_t values) { return values == 0 || values == rows_.size(); };
    INPUT_CHECK(complete(rows_.time.size()) && complete(rows_.rating.size()) && complete(rows_.label.size()),
                file.name(), ": has other columns than the files before; expected the same in each");
  }

  const DataConfig& config_;
  Rows rows_;
  std::optional<JoinedLists> joined_;
};

}  // namespace

Rows read_rows(const nn::Path& file, const DataConfig& config) {
  RowReader reader(config);
  reader.read(file, Held::Training);
  Rows rows = reader.take();
  rows.held.clear();
  return rows;
}

Rows read_given_split(const std::vector<nn::Path>& files, const DataConfig& config) {
  RowReader reader(config);
  for (size_t i = 0; i < files.size(); ++i) reader.read(files[i], static_cast<Held>(i));
  return reader.take();
}

}  // namespace p2rec
