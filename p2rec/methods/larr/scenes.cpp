#include "p2rec/methods/larr/scenes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <unordered_map>

#include "models/formats/language_model.h"
#include "p2rec/data/table.h"

namespace p2rec {
namespace {

constexpr const char *kNoTable = "none", *kUnknown = "unknown";
constexpr int64_t kSecondsPerHour = 3600, kSecondsPerDay = 24 * kSecondsPerHour;
constexpr const char* kDays[] = {"Thursday", "Friday",  "Saturday", "Sunday",
                                 "Monday",   "Tuesday", "Wednesday"};  // 1970 began on a Thursday

int64_t modulo(int64_t x, int64_t n) { return (x % n + n) % n; }

// A part must have both kinds of impressions: without them it can be neither learned nor measured.
void check_part(const std::vector<Impression>& part, const char* name, const Interactions& data) {
  const auto clicks = std::ranges::count(part, true, &Impression::click);
  INPUT_CHECK(clicks > 0 && clicks < std::ssize(part), data.source, ": found ", clicks, " clicks among the ",
              part.size(), " impressions of the ", name,
              " part; expected some of both; hint: --min-click, --validation-cut, --test-cut");
}

// A column of a table, per id; "unknown" for ids that it lacks.
std::vector<std::string> read_column(const Table& table, size_t id_column, size_t column,
                                     const std::vector<std::string>& ids) {
  std::unordered_map<std::string_view, size_t> index_of;
  for (size_t i = 0; i < ids.size(); ++i) index_of.emplace(ids[i], i);
  std::vector<std::string> values(ids.size(), kUnknown);
  table.each_row([&](const Table::Row& row) {
    const auto id = index_of.find(table.id(row, id_column));
    if (id != index_of.end() && !row[column].empty()) values[id->second] = row[column];
  });
  return values;
}

}  // namespace

void describe(SceneConfig& c, const nn::Visit& visit) {
  visit({"user-table", "a table with attributes of users, as RecBole's X.user", nn::kAny, {}, kNoTable},
        &c.user_table);
  visit({"item-table", "a table with attributes of items, as RecBole's X.item", nn::kAny, {}, kNoTable},
        &c.item_table);
  visit({"scene-fields", "the columns of these tables that are part of a scene, separated by commas"},
        &c.fields);
  visit({"min-click", "the rating from which an impression is a click"}, &c.min_click);
  visit({"scene-validation-cut", "share of all impressions before the validation part", nn::kInside},
        &c.validation_cut);
  visit({"scene-test-cut", "share of all impressions before the test part", nn::kInside}, &c.test_cut);
  visit({"scene-history", "clicked titles in a user's text", nn::at_least(1)}, &c.history);
}

Impressions impressions_of(const Interactions& data, const SceneConfig& config) {
  INPUT_CHECK(!data.times.empty() && !data.ratings.empty(), data.source, ": has no ",
              data.times.empty() ? "times" : "ratings",
              "; expected both: a scene has an hour, and a click is a high rating");
  INPUT_CHECK(data.parts.empty(), data.source,
              ": is split already, but larr cuts all impressions in time; hint: "
              "leave out --split");
  std::vector<Impression> all;
  for (int64_t user = 0; user < data.users(); ++user) {
    const auto u = static_cast<size_t>(user);
    for (size_t i = 0; i < data.sequences[u].size(); ++i)
      all.push_back(
          {user, data.sequences[u][i], data.times[u][i], double(data.ratings[u][i]) >= config.min_click});
  }
  std::ranges::stable_sort(all, {}, &Impression::time);
  const auto cut = [&](double share) {
    return all.begin() + static_cast<std::ptrdiff_t>(share * double(all.size()));
  };
  const auto validation = cut(config.validation_cut), test = std::max(validation, cut(config.test_cut));
  const Impressions parts{{all.begin(), validation}, {validation, test}, {test, all.end()}};
  check_part(parts.train, "training", data);
  check_part(parts.validation, "validation", data);
  check_part(parts.test, "test", data);
  return parts;
}

std::vector<bool> labels_of(const std::vector<Impression>& impressions) {
  std::vector<bool> labels;
  for (const Impression& x : impressions) labels.push_back(x.click);
  return labels;
}

Scenes::Scenes(const Interactions& data, const SceneConfig& config) {
  fields_ = {{"hour", FieldOf::Time, {}}, {"day", FieldOf::Time, {std::begin(kDays), std::end(kDays)}}};
  for (int hour = 0; hour < 24; ++hour) fields_[0].values.push_back(std::to_string(hour));
  value_of_.resize(2);
  add_columns(config.user_table, data.user_ids, FieldOf::User, config);
  add_columns(config.item_table, data.item_ids, FieldOf::Item, config);
  for (const std::string& name : config.fields) {
    INPUT_CHECK(std::ranges::count(fields_, name, &Field::name) == 1, "scene-fields: found ", name,
                ", which is a column of neither --user-table nor --item-table, or of both");
  }
}

void Scenes::add_columns(const std::string& path, const std::vector<std::string>& ids, FieldOf of,
                         const SceneConfig& config) {
  if (path == kNoTable) return;
  const TextFile file(path, "table of attributes");
  const auto layout = layout_by_header(file.lines().front().text, {});
  INPUT_CHECK(layout, file.at(1), "expected a header that names the columns");
  const Table table(file, *layout);
  const size_t id_column = table.require(of == FieldOf::User ? Role::User : Role::Item, {});
  for (size_t column = 0; column < table.columns().size(); ++column) {
    const std::string& name = table.columns()[column].name;
    if (!std::ranges::count(config.fields, name)) continue;
    const std::vector<std::string> values = read_column(table, id_column, column, ids);
    const std::set<std::string> distinct(values.begin(), values.end());
    fields_.push_back({name, of, {distinct.begin(), distinct.end()}});
    std::vector<int32_t>& numbers = value_of_.emplace_back();
    for (const std::string& value : values)
      numbers.push_back(static_cast<int32_t>(std::distance(distinct.begin(), distinct.find(value))));
  }
}

size_t Scenes::item_fields() const {
  return static_cast<size_t>(std::ranges::count(fields_, FieldOf::Item, &Field::of));
}

std::vector<int32_t> Scenes::values_of(const Impression& x) const {
  std::vector<int32_t> values = {
      static_cast<int32_t>(modulo(x.time, kSecondsPerDay) / kSecondsPerHour),
      static_cast<int32_t>(modulo((x.time - modulo(x.time, kSecondsPerDay)) / kSecondsPerDay, 7))};
  for (size_t f = 2; f < fields_.size(); ++f) {
    const int64_t owner = fields_[f].of == FieldOf::User ? x.user : x.item;
    values.push_back(value_of_[f][static_cast<size_t>(owner)]);
  }
  return values;
}

int64_t Scenes::first_feature(size_t field) const {
  int64_t first = 0;
  for (size_t f = 0; f < field; ++f) first += std::ssize(fields_[f].values);
  return first;
}

int64_t Scenes::features() const { return first_feature(fields_.size()); }

// --- texts -------------------------------------------------------------------------------------------------

SceneTexts::SceneTexts(const Scenes& scenes, const Interactions& data, const models::Tokenizer& tokenizer,
                       int64_t rows)
    : scenes_(scenes), data_(data), tokenizer_(tokenizer), rows_(rows) {}

SceneTexts::Tokens SceneTexts::words(const std::string& text) const {
  const Tokens ids = tokenizer_.encode(text);
  models::need_rows(ids, rows_, text);
  return ids;
}

SceneTexts::Tokens SceneTexts::feature(size_t field, int32_t value) const {
  Tokens text = {static_cast<int32_t>(rows_ + int64_t(field))};
  const Tokens own = words(scenes_.fields()[field].values[static_cast<size_t>(value)]);
  text.insert(text.end(), own.begin(), own.end());
  return text;
}

SceneTexts::Tokens SceneTexts::feature(int64_t number) const {
  size_t field = 0;
  while (number >= scenes_.first_feature(field + 1)) ++field;
  return feature(field, static_cast<int32_t>(number - scenes_.first_feature(field)));
}

void SceneTexts::append_fields(Tokens& text, const Impression& impression, FieldOf of) const {
  const std::vector<int32_t> values = scenes_.values_of(impression);
  for (size_t field = 0; field < values.size(); ++field) {
    if (scenes_.fields()[field].of != of) continue;
    const Tokens own = feature(field, values[field]);
    text.insert(text.end(), own.begin(), own.end());
  }
}

SceneTexts::Tokens SceneTexts::item(int32_t item) const {
  const auto i = static_cast<size_t>(item);
  const std::string title = data_.title(i);
  Tokens text = {static_cast<int32_t>(rows_ + new_tokens() - 1)};
  const Tokens own = words(title.empty() ? data_.item_ids[i] : title);
  text.insert(text.end(), own.begin(), own.end());
  append_fields(text, {0, item, 0, false}, FieldOf::Item);
  return text;
}

SceneTexts::Tokens SceneTexts::user(int64_t user, const std::vector<int32_t>& clicked) const {
  Tokens text;
  append_fields(text, {user, 0, 0, false}, FieldOf::User);
  text.push_back(static_cast<int32_t>(rows_ + new_tokens() - 2));
  std::string titles;
  for (const int32_t item : clicked) {
    const auto i = static_cast<size_t>(item);
    titles += (titles.empty() ? "" : "; ") + (data_.title(i).empty() ? data_.item_ids[i] : data_.title(i));
  }
  const Tokens own = words(titles);
  text.insert(text.end(), own.begin(), own.end());
  return text;
}

SceneTexts::Tokens SceneTexts::impression(const Impression& x) const {
  Tokens text;
  append_fields(text, x, FieldOf::Time);
  append_fields(text, x, FieldOf::User);
  const Tokens own = item(x.item);
  text.insert(text.end(), own.begin(), own.end());
  return text;
}

}  // namespace p2rec
