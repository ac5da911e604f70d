// File -> rows in the file's order -> sequences of indices.
#include "p2rec/data/read_interactions.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <unordered_map>

#include "autograd/check.h"
#include "p2rec/data/atomic_file.h"
#include "p2rec/data/synthetic.h"

namespace p2rec {
namespace {

// Distinct ids, numbered as they come.
class IdTable {
 public:
  uint32_t add(std::string_view id) {
    const auto [place, is_new] = number_of_.try_emplace(id, static_cast<uint32_t>(ids_.size()));
    if (is_new) ids_.push_back(id);
    AG_CHECK(ids_.size() < std::numeric_limits<int32_t>::max(), "more ids than a 32-bit index can count");
    return place->second;
  }
  uint32_t number_of(std::string_view id) const { return number_of_.at(id); }
  const std::vector<std::string_view>& ids() const { return ids_; }

 private:
  std::unordered_map<std::string_view, uint32_t> number_of_;
  std::vector<std::string_view> ids_;
};

// A time as whole units and what is over, [0,1): nanoseconds since 1970 have more digits than a double.
using Time = std::pair<int64_t, double>;

// The interactions in the file's order.
struct Rows {
  IdTable users, items;
  std::vector<uint32_t> user, item;  // per row: a number of the tables
  std::vector<Time> time;            // per row, or empty: then the order is the time
  std::vector<float> rating;         // per row, or empty
  std::string format;

  void add(uint32_t user_number, std::string_view item_id) {
    user.push_back(user_number);
    item.push_back(items.add(item_id));
  }
};

// --- the order of ids --------------------------------------------------------------------------------------

bool is_number(std::string_view id) {
  return !id.empty() && std::ranges::all_of(id, [](char c) { return c >= '0' && c <= '9'; });
}

// Compares integers of any length; where two are equal (7 and 007) their bytes decide.
bool less_as_numbers(std::string_view a, std::string_view b) {
  const auto digits = [](std::string_view id) {
    return id.substr(std::min(id.find_first_not_of('0'), id.size()));
  };
  const std::string_view x = digits(a), y = digits(b);
  if (x.size() != y.size()) return x.size() < y.size();
  return x != y ? x < y : a < b;
}

struct IdOrder {
  std::vector<std::string> ids;   // ascending
  std::vector<int32_t> index_of;  // number in the table -> index in ids
};

IdOrder ascending(const IdTable& table) {
  std::vector<std::string_view> ids = table.ids();
  const bool numeric = std::ranges::all_of(ids, is_number);
  std::ranges::sort(
      ids, [&](std::string_view x, std::string_view y) { return numeric ? less_as_numbers(x, y) : x < y; });
  IdOrder order{{ids.begin(), ids.end()}, std::vector<int32_t>(ids.size())};
  for (size_t i = 0; i < ids.size(); ++i) order.index_of[table.number_of(ids[i])] = static_cast<int32_t>(i);
  return order;
}

// The rows of each user, in time order.
std::vector<std::vector<size_t>> rows_by_user(const Rows& rows, const IdOrder& users) {
  std::vector<std::vector<size_t>> rows_of(users.ids.size());
  for (size_t row = 0; row < rows.user.size(); ++row) rows_of[users.index_of[rows.user[row]]].push_back(row);
  if (rows.time.empty()) return rows_of;
  for (std::vector<size_t>& mine : rows_of)
    std::ranges::stable_sort(mine, [&](size_t a, size_t b) { return rows.time[a] < rows.time[b]; });
  return rows_of;
}

Interactions build(const Rows& rows) {
  IdOrder users = ascending(rows.users), items = ascending(rows.items);
  Interactions data;
  for (const std::vector<size_t>& mine : rows_by_user(rows, users)) {
    data.sequences.emplace_back();
    if (!rows.time.empty()) data.times.emplace_back();
    if (!rows.rating.empty()) data.ratings.emplace_back();
    for (const size_t row : mine) {
      data.sequences.back().push_back(items.index_of[rows.item[row]]);
      if (!rows.time.empty()) data.times.back().push_back(rows.time[row].first);
      if (!rows.rating.empty()) data.ratings.back().push_back(rows.rating[row]);
    }
  }
  data.user_ids = std::move(users.ids);
  data.item_ids = std::move(items.ids);
  data.format = rows.format;
  return data;
}

// --- RecBole atomic files ----------------------------------------------------------------------------------

// "1600000000000000120", "1600000000.5", "1.6e9": exact, except for a number with an exponent.
std::optional<Time> parse_time(std::string_view field) {
  const size_t point = std::min(field.find('.'), field.size());
  const std::string_view fraction = field.substr(point);
  const bool digits = fraction.empty() || is_number(fraction.substr(1));
  const auto units = parse_field<int64_t>(field.substr(0, point));
  if (units && digits && (fraction.empty() || !field.starts_with('-')))
    return Time{*units, fraction.empty() ? 0 : *parse_field<double>(fraction)};
  const auto time = parse_field<double>(field);
  if (!time || !(std::abs(*time) < 0x1p63)) return std::nullopt;
  return Time{static_cast<int64_t>(std::floor(*time)), *time - std::floor(*time)};
}

Time read_time(const TextFile& file, const Line& row, std::string_view field) {
  const auto time = parse_time(field);
  INPUT_CHECK(time, file.at(row.number), "the timestamp '", field, "' is not a number of at most 64 bits");
  return *time;
}

float read_rating(const TextFile& file, const Line& row, std::string_view field) {
  const auto rating = parse_field<float>(field);
  INPUT_CHECK(rating && std::isfinite(*rating), file.at(row.number), "the rating '", field,
              "' is not a number");
  return *rating;
}

Rows read_atomic(const TextFile& file) {
  const AtomicTable table(file);
  const size_t user = table.require("user_id"), item = table.require("item_id");
  const int time = table.find("timestamp"), rating = table.find("rating");
  INPUT_CHECK(!table.rows().empty(), file.name(), ": there is no row below the header");
  Rows rows;
  std::vector<std::string_view> fields;
  for (const Line& row : table.rows()) {
    table.split(row, fields);
    rows.add(rows.users.add(table.id(row, fields, user)), table.id(row, fields, item));
    if (time >= 0) rows.time.push_back(read_time(file, row, fields[static_cast<size_t>(time)]));
    if (rating >= 0) rows.rating.push_back(read_rating(file, row, fields[static_cast<size_t>(rating)]));
  }
  rows.format = time >= 0 ? "RecBole atomic file, sorted by its timestamps"
                          : "RecBole atomic file, in the file's order";
  return rows;
}

// --- lines of ids ------------------------------------------------------------------------------------------

constexpr const char* kExpectedLines =
    "; expected on every line one pair `user item`, or on every line one user's whole sequence `user item "
    "item ...`, or a header of tab-separated name:type (user_id:token, item_id:token, timestamp:float) above "
    "rows of columns";

// True if every line is a pair. Throws ag::InputError for a line of one column.
bool all_pairs(const TextFile& file) {
  bool pairs = true;
  std::vector<std::string_view> words;
  for (const Line& line : file.lines()) {
    split_at_blanks(line.text, words);
    INPUT_CHECK(words.size() >= 2, file.at(line.number), "found one column", kExpectedLines,
                "; hint: columns are separated by blanks or tabs");
    pairs = pairs && words.size() == 2;
  }
  return pairs;
}

// A first line of words above lines of numbers is a header without types, not a user.
void check_no_header(const TextFile& file, const Rows& rows) {
  const auto& ids = rows.users.ids();
  const bool numbers_below = ids.size() > 1 && std::all_of(ids.begin() + 1, ids.end(), is_number);
  INPUT_CHECK(is_number(ids.front()) || !numbers_below, file.at(file.lines().front().number), "the user '",
              ids.front(), "' is the only one that is not a number, so this looks like a header",
              kExpectedLines);
}

Rows read_id_lines(const TextFile& file) {
  const bool pairs = all_pairs(file);
  Rows rows;
  std::vector<int64_t> line_of;  // per user: the first one
  std::vector<std::string_view> words;
  for (const Line& line : file.lines()) {
    split_at_blanks(line.text, words);
    const uint32_t user = rows.users.add(words[0]);
    const bool is_new = user == line_of.size();
    INPUT_CHECK(is_new || pairs, file.at(line.number), "the user '", words[0], "' has a line already, line ",
                line_of[user], ", and not every line is a pair", kExpectedLines);
    if (is_new) line_of.push_back(line.number);
    for (size_t i = 1; i < words.size(); ++i) rows.add(user, words[i]);
  }
  check_no_header(file, rows);
  rows.format =
      pairs ? "one pair of user and item per line, in time order" : "one line per user, items in time order";
  return rows;
}

// --- titles ------------------------------------------------------------------------------------------------

std::optional<size_t> title_column(const std::vector<AtomicColumn>& columns) {
  for (const std::string_view word : {"title", "name"}) {
    for (size_t i = 0; i < columns.size(); ++i) {
      if (columns[i].is_text() && columns[i].name.find(word) != word.npos) return i;
    }
  }
  const auto first = std::ranges::find(columns, "token_seq", &AtomicColumn::type);
  return first == columns.end() ? std::nullopt : std::optional(static_cast<size_t>(first - columns.begin()));
}

// The title of each item, "" where there is no row or its field is empty. Other items' titles are left out.
std::vector<std::string> read_titles(const nn::Path& path, const std::vector<std::string>& item_ids) {
  const TextFile file(path, "item file");
  INPUT_CHECK(!atomic_header(file.lines().front().text).empty(), file.at(file.lines().front().number),
              "expected a header of tab-separated name:type, for example item_id:token and title:token_seq");
  const AtomicTable table(file);
  const size_t id_column = table.require("item_id");
  const std::optional<size_t> column = title_column(table.columns());
  if (!column) return {};

  std::unordered_map<std::string_view, size_t> index_of;
  for (size_t i = 0; i < item_ids.size(); ++i) index_of.emplace(item_ids[i], i);
  std::vector<std::string> titles(item_ids.size());
  std::vector<int64_t> line_of(item_ids.size(), 0);
  std::vector<std::string_view> fields;
  for (const Line& row : table.rows()) {
    table.split(row, fields);
    const auto item = index_of.find(table.id(row, fields, id_column));
    if (item == index_of.end()) continue;
    INPUT_CHECK(line_of[item->second] == 0 || titles[item->second] == fields[*column], file.at(row.number),
                "the item '", item->first, "' has another title already in line ", line_of[item->second]);
    line_of[item->second] = row.number;
    titles[item->second] = fields[*column];
  }
  INPUT_CHECK(std::any_of(line_of.begin(), line_of.end(), [](int64_t line) { return line > 0; }), file.name(),
              ": none of its ", table.rows().size(), " items is among the ", item_ids.size(),
              " of the interactions; hint: is it another data set's?");
  return titles;
}

}  // namespace

Interactions read_interactions(const nn::Path& path) {
  const DataFiles files = find_data_files(path);
  const TextFile file(files.interactions, "interactions file");
  const bool has_header = !atomic_header(file.lines().front().text).empty();
  Interactions data = build(has_header ? read_atomic(file) : read_id_lines(file));
  if (files.items) data.titles = read_titles(*files.items, data.item_ids);
  data.source = files.interactions.string();
  return data;
}

Interactions load_data(const std::string& name) {
  return name == "synthetic" ? make_synthetic({}) : read_interactions(name);
}

void write_items(const nn::Path& file, const Interactions& data) {
  std::string text = "row\titem_id\ttitle\n";
  for (size_t i = 0; i < data.item_ids.size(); ++i) {
    std::string title = data.titles.empty() ? "" : data.titles[i];
    for (char& c : title) {
      if (c == '\t' || c == '\n' || c == '\r') c = ' ';
    }
    text += fmt::format("{}\t{}\t{}\n", i, data.item_ids[i], title);
  }
  nn::write_atomically(file, text);
}

}  // namespace p2rec
