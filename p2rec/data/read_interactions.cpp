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

// "1600000000000000120", "1600000000.5", "1.6e9": exact unless it has an exponent.
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
  INPUT_CHECK(time, place, "the timestamp '", field,
              "' is not a number of at most 64 bits; expected seconds or another unit, without blanks; hint: "
              "pandas.to_datetime(COLUMN).astype('int64') makes numbers of dates");
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

// "user = user_id, item = item_id, rating = stars (no filter); not used: review"
std::string columns_text(const Table& table, const TableColumns& c, const DataConfig& config) {
  std::string used, unused;
  std::vector<bool> is_used(table.columns().size(), false);
  const auto add = [&](const char* role, int column, const char* remark = "") {
    if (column < 0) return;
    is_used[static_cast<size_t>(column)] = true;
    used += (used.empty() ? "" : ", ") + std::string(role) + " = " +
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

// A user's sequence from the rows read so far, and how its last item is held out.
struct Told {
  std::vector<int32_t> items;
  Held held = Held::Training;
};

struct ListRow {
  EventTime time;
  int32_t user;
  std::vector<int32_t> items;  // the list, then the target if there is one
};

// Joins a row to the earlier ones. Its last `targets` (0 or 1) items are targets, not part of its list.
void join(Rows& rows, Told& told, const ListRow& row, std::ptrdiff_t targets, Held held,
          const std::string& file) {
  const auto list_end = row.items.end() - targets;
  const auto length = list_end - row.items.begin(), before = std::ssize(told.items);
  const bool ends = length <= before && std::equal(row.items.begin(), list_end, told.items.end() - length);
  const bool goes_on = length > before && std::equal(told.items.begin(), told.items.end(), row.items.begin());
  INPUT_CHECK(ends || goes_on, file, ": the items of a row for the user '", rows.users.id(row.user),
              "' are neither the end nor a continuation of that user's earlier rows; expected each user's "
              "rows in time order");
  for (auto item = ends ? list_end : row.items.begin() + before; item != row.items.end(); ++item) {
    if (item >= list_end) told.held = held;
    told.items.push_back(*item);
    rows.user.push_back(row.user);
    rows.item.push_back(*item);
    rows.held.push_back(told.held);
  }
}

// Joins the rows in time order. Items of lists have no times. `told`: per user.
void add_lists(Rows& rows, const Table& table, const TableColumns& c, Held held, const std::string& file,
               std::vector<Told>& told) {
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
  told.resize(rows.users.size());
  for (const ListRow& row : list_rows)
    join(rows, told[static_cast<size_t>(row.user)], row, c.item >= 0 ? 1 : 0, held, file);
}

// --- lines of ids ------------------------------------------------------------------------------------------

constexpr const char* kExpectedLines =
    "; expected on every line one pair `user item`, or on every line one user's whole sequence `user item "
    "item ...`, or a header that names the columns (user_id, item_id, timestamp; a RecBole atomic file's "
    "user_id:token, item_id:token, timestamp:float)";
constexpr const char* kNameColumns =
    "; hint: name the columns: with a header --user-column NAME --item-column NAME --time-column NAME, "
    "without "
    "one by number, --user-column 1 --item-column 2 --time-column 3";

// Calls `use` with each line and its words.
template <class Use>
void each_line(const TextFile& file, const Use& use) {
  Words words;
  for (const Line& line : file.lines()) {
    split_at_blanks(line.text, words);
    use(line, words);
  }
}

// True if `fits` is true for the words of every line.
template <class Fits>
bool every_line(const TextFile& file, const Fits& fits) {
  Words words;
  return std::ranges::all_of(file.lines(), [&](const Line& line) {
    split_at_blanks(line.text, words);
    return fits(words);
  });
}

bool is_rating(std::string_view word) {
  const auto rating = parse_field<double>(word);
  return rating && *rating >= 0 && *rating <= 5 && 2 * *rating == std::floor(2 * *rating);
}

// A time from 1973 on, in seconds since 1970 or in a smaller unit.
bool is_late_time(std::string_view word) { return is_digits(word) && word.size() >= 9 && word[0] != '0'; }

bool are_rated_times(const TextFile& file) {
  return every_line(file,
                    [](const Words& w) { return w.size() == 4 && is_rating(w[2]) && is_late_time(w[3]); });
}

bool has_user_twice(const TextFile& file) {
  IdTable users;
  each_line(file, [&](const Line&, const Words& words) { users.add(words[0]); });
  return users.size() < file.lines().size();
}

// What to say of a line without blanks and tabs.
std::string one_column_text(const TextFile& file, std::string_view line) {
  if (line.find(';') != line.npos)
    return ag::message(
        "found semicolons; expected columns that are separated by commas, tabs or blanks; hint: "
        "tr ';' ',' < '",
        file.name(), "' > NEW.csv");
  if (line.find(',') != line.npos)
    return ag::message("found commas, but no column with a usual name of users or items", kNameColumns);
  return ag::message("found one column", kExpectedLines, kNameColumns);
}

void check_no_json_array(const TextFile& file) {
  const std::string_view first = file.lines().front().text;
  const size_t next = first.find_first_not_of(" \t", 1);
  INPUT_CHECK(
      !first.starts_with('[') || (next != first.npos && first[next] != '{'), file.name(),
      ": this is a JSON array; expected a JSON object on each line; hint: python3 -c \"import json, sys; "
      "[print(json.dumps(row)) for row in json.load(sys.stdin)]\" < '",
      file.name(), "' > NEW.jsonl");
}

void check_columns(const TextFile& file) {
  each_line(file, [&](const Line& line, const Words& words) {
    INPUT_CHECK(words.size() >= 2, file.at(line.number), one_column_text(file, line.text));
    const auto comma = std::ranges::find_if(words, [](std::string_view w) { return w.find(',') != w.npos; });
    INPUT_CHECK(comma == words.end(), file.at(line.number), "found '", *comma,
                "', which may be one id with commas in it, or several ids; hint: --user-column 1 "
                "--item-column 2 take it as one id; tr , ' ' < '",
                file.name(), "' > NEW makes several of it");
  });
}

// Refuses a file that could be a table or user lines.
void check_one_meaning(const TextFile& file) {
  const bool timed = every_line(file, [](const Words& w) { return w.size() == 3 && is_late_time(w[2]); });
  const bool rated = are_rated_times(file);
  INPUT_CHECK(!timed && !rated, file.name(), ": each line may be `user item", rated ? " rating" : "",
              " time`, or a user's sequence `user item item", rated ? " item" : "",
              "`, for no user is on two lines; hint: --user-column 1 --item-column 2 ",
              rated ? "--rating-column 3 --time-column 4" : "--time-column 3",
              " for the first, --user-lines for the second");
}

// If only the first user is not a number, the first line is a header with unknown names.
void check_no_header(const TextFile& file, const Rows& rows) {
  bool numbers_below = rows.users.size() > 1;
  for (size_t i = 1; i < rows.users.size(); ++i)
    numbers_below = numbers_below && is_digits(rows.users.id(static_cast<int32_t>(i)));
  INPUT_CHECK(is_digits(rows.users.id(0)) || !numbers_below, file.at(file.lines().front().number),
              "the user '", rows.users.id(0),
              "' is the only one that is not a number, so this looks like a header", kExpectedLines,
              kNameColumns);
}

Rows read_lines(const TextFile& file, const DataConfig& config) {
  check_no_json_array(file);
  check_columns(file);
  const bool pairs = !config.user_lines && every_line(file, [](const Words& w) { return w.size() == 2; });
  if (!config.user_lines && !pairs) check_one_meaning(file);
  Rows rows;
  std::vector<int64_t> line_of;  // per user: the first one
  each_line(file, [&](const Line& line, const Words& words) {
    const int32_t user = rows.users.add(words[0]);
    line_of.resize(rows.users.size(), line.number);
    const int64_t first = line_of[static_cast<size_t>(user)];
    INPUT_CHECK(pairs || first == line.number, file.at(line.number), "the user '", words[0],
                "' has a line already, line ", first, ", and not every line is a pair", kExpectedLines,
                kNameColumns);
    for (size_t i = 1; i < words.size(); ++i) {
      rows.user.push_back(user);
      rows.item.push_back(rows.items.add(words[i]));
    }
  });
  check_no_header(file, rows);
  rows.format =
      pairs ? "one pair of user and item per line, in time order" : "one line per user, items in time order";
  return rows;
}

// --- any file ----------------------------------------------------------------------------------------------

// The layout of a table; none for lines of ids. Sets the columns of MovieLens' tables, which have no header.
std::optional<Layout> table_layout(const TextFile& file, DataConfig& config) {
  const std::string_view first = file.lines().front().text;
  if (config.user_lines) return std::nullopt;
  if (const auto layout = layout_by_header(first, config)) return layout;
  if (config.names_columns()) return layout_without_header(first);
  Layout layout{Layout::Kind::NoHeader, "::", "MovieLens ratings.dat, user::item::rating::time"};
  Words fields;
  split_at(layout.separator, first, fields);
  if (fields.size() != 4) {
    if (!are_rated_times(file) || !has_user_twice(file)) return std::nullopt;
    layout = {layout.kind, " ", "MovieLens u.data, columns user, item, rating, time"};
  }
  config.user_column = "1";
  config.item_column = "2";
  config.rating_column = "3";
  config.time_column = "4";
  return layout;
}

// Adds the rows of a table. All files of a split must have the same columns.
void add_file(Rows& rows, std::vector<Told>& told, const TextFile& file, const Layout& layout,
              const DataConfig& config, Held held) {
  const Table table(file, layout);
  const TableColumns columns = find_columns(table, config);
  const size_t before = rows.size();
  if (columns.list >= 0) {
    add_lists(rows, table, columns, held, file.name(), told);
  } else {
    add_table(rows, table, columns);
    rows.held.resize(rows.size(), held);
  }
  INPUT_CHECK(rows.size() > before, file.name(), ": there is no row below the header");
  rows.format = layout.name;
  rows.facts = {{"columns", columns_text(table, columns, config)}};
  const auto complete = [&](size_t values) { return values == 0 || values == rows.size(); };
  INPUT_CHECK(complete(rows.time.size()) && complete(rows.rating.size()) && complete(rows.label.size()),
              file.name(), ": has other columns than the files before; expected the same in each");
}

}  // namespace

Rows read_rows(const std::vector<nn::Path>& files, const DataConfig& config) {
  Rows rows;
  std::vector<Told> told;
  for (size_t i = 0; i < files.size(); ++i) {
    const TextFile file(files[i], "interactions file");
    DataConfig columns = config;
    const std::optional<Layout> layout = table_layout(file, columns);
    INPUT_CHECK(layout || files.size() == 1, file.name(), ": expected a header, as each file of a split has");
    if (!layout) return read_lines(file, config);
    add_file(rows, told, file, *layout, columns, static_cast<Held>(i));
  }
  if (files.size() == 1) rows.held.clear();
  return rows;
}

}  // namespace p2rec
