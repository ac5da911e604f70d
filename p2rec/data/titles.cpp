#include "p2rec/data/titles.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <unordered_map>

#include "autograd/check.h"
#include "p2rec/data/table.h"

namespace p2rec {
namespace {

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

bool is_text(const Column& column) { return column.type.empty() || column.type.starts_with("token"); }

std::optional<size_t> title_column(const std::vector<Column>& columns) {
  const auto first = [&](auto&& fits) -> std::optional<size_t> {
    const auto column = std::ranges::find_if(columns, fits);
    return column == columns.end() ? std::nullopt
                                   : std::optional(static_cast<size_t>(column - columns.begin()));
  };
  for (const std::string_view word : {"title", "name"}) {
    const auto fits = [&](const Column& x) {
      return is_text(x) && lower(x.name).find(word) != std::string::npos;
    };
    if (const auto c = first(fits)) return c;
  }
  return first([](const Column& x) { return x.type == "token_seq"; });
}

// The columns of attributes besides the title.
std::vector<size_t> attribute_columns(const std::vector<Column>& columns, size_t title) {
  std::vector<size_t> found;
  for (size_t c = 0; c < columns.size(); ++c) {
    const std::string& name = columns[c].name;
    const bool dropped = name == "related" || name == "imUrl" || name == "salesRank";
    if (c != title && !dropped && !names_an_id(name)) found.push_back(c);
  }
  return found;
}

Layout layout_of(const TextFile& file, const DataConfig& config) {
  const Line& first = file.lines().front();
  if (const auto layout = layout_by_header(first.text, config)) return *layout;
  Layout layout = layout_without_header(first.text);
  layout.name =
      layout.separator == "::" ? "MovieLens movies.dat, item::title" : "MovieLens u.item, item|title";
  INPUT_CHECK(layout.separator == "::" || layout.separator == "|", file.at(first.number),
              "expected a header that names a column of items, for example item_id:token and title:token_seq "
              "in a RecBole atomic "
              "file, or item_id,title; or lines item::title or item|title");
  return layout;
}

}  // namespace

Titles read_titles(const nn::Path& path, const std::vector<std::string>& item_ids, const DataConfig& config) {
  const TextFile file(path, "item file");
  const Table table(file, layout_of(file, config));
  const bool header = table.layout().kind != Layout::Kind::NoHeader;
  DataConfig columns;  // this file may lack a column that was named for the interactions
  if (std::ranges::count(table.columns(), config.item_column, &Column::name))
    columns.item_column = config.item_column;
  const size_t ids = header ? table.require(Role::Item, columns) : 0;
  const std::optional<size_t> column = header ? title_column(table.columns()) : std::optional<size_t>(1);
  if (!column) return {{}, {}, {}, table.layout().name + ", no column of titles"};
  std::vector<size_t> others;
  if (header) others = attribute_columns(table.columns(), *column);
  std::erase(others, ids);

  std::unordered_map<std::string_view, size_t> index_of;
  for (size_t i = 0; i < item_ids.size(); ++i) index_of.emplace(item_ids[i], i);
  std::vector<std::string> titles(item_ids.size());
  std::vector<std::vector<std::string>> attributes(others.empty() ? 0 : item_ids.size(),
                                                   std::vector<std::string>(others.size()));
  std::vector<int64_t> line_of(item_ids.size(), 0);
  int64_t rows = 0;
  table.each_row([&](const Table::Row& row) {
    ++rows;
    const auto item = index_of.find(table.id(row, ids));
    if (item == index_of.end()) return;
    INPUT_CHECK(line_of[item->second] == 0 || titles[item->second] == row[*column], table.at(row),
                "the item '", item->first, "' has another title already in line ", line_of[item->second]);
    line_of[item->second] = row.line;
    titles[item->second] = row[*column];
    for (size_t a = 0; a < others.size(); ++a) attributes[item->second][a] = row[others[a]];
  });
  INPUT_CHECK(std::ranges::any_of(line_of, [](int64_t line) { return line > 0; }), file.name(),
              ": none of its ", rows, " items is among the ", item_ids.size(),
              " of the interactions; hint: does it belong to another data set?");
  std::vector<std::string> names;
  for (const size_t c : others) names.push_back(table.columns()[c].name);
  return {
      titles, names, attributes,
      table.layout().name +
          (header ? ", columns " + table.columns()[ids].name + " and " + table.columns()[*column].name : "")};
}

}  // namespace p2rec
