#include "p2rec/data/load_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "autograd/check.h"
#include "p2rec/data/read_interactions.h"
#include "p2rec/data/rows.h"
#include "p2rec/data/synthetic.h"
#include "p2rec/data/table.h"
#include "p2rec/data/titles.h"

namespace p2rec {
namespace {

struct DataFiles {
  std::vector<nn::Path> interactions;  // one, or RecBole's three in the order training, validation, test
  std::optional<nn::Path> titles;
};

constexpr std::array<const char*, 3> kSplitEndings = {".train.inter", ".valid.inter", ".test.inter"};

// --- what a file in a folder is ----------------------------------------------------------------------------

enum class Kind { Interactions, Items, Other };

struct Guess {
  Kind kind = Kind::Other;
  std::string description;
};

struct Found : Guess {
  nn::Path path;
};

// The beginning of a text, cut between words. A folder may hold large files of other kinds.
std::string head_of(const nn::Path& path) {
  constexpr size_t kMost = 1 << 16;
  std::string head = beginning_of_text(path, kMost);
  if (head.size() == kMost) head.resize(head.find_last_of(" \t\n") + 1);  // 0 if there is none
  return head;
}

bool looks_like_id(std::string_view word) {
  return std::ranges::any_of(word, [](unsigned char c) { return std::isdigit(c); }) &&
         std::ranges::all_of(word, [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '_'; });
}

bool look_like_ids(std::span<const Line> lines) {
  constexpr size_t kEnough = 20;
  std::vector<std::string_view> words;
  return std::ranges::all_of(lines.first(std::min(lines.size(), kEnough)), [&](const Line& line) {
    split_at_blanks(line.text, words);
    return words.size() >= 2 && std::ranges::all_of(words, looks_like_id);
  });
}

// A table of users and items holds interactions, a table of items and titles holds titles.
Guess guess_by_header(const nn::Path& path, std::string_view first, const Layout& layout,
                      const DataConfig& config) {
  const std::vector<Column> columns = columns_in(first, layout, path.string() + ": ");
  const auto has = [&](Role role) { return find_column(columns, role, config, "") >= 0; };
  const bool users = has(Role::User), items = has(Role::Item) || find_item_list(columns) >= 0;
  const bool titles =
      std::ranges::any_of(columns, [](const Column& c) { return c.name.find("title") != c.name.npos; });
  if (users && items) return {Kind::Interactions, "interactions, " + layout.name};
  if (items && (titles || path.extension() == ".item")) return {Kind::Items, "items"};
  return {Kind::Other, "a header without columns of users and items"};
}

Guess guess_by_text(const nn::Path& path, const DataConfig& config) {
  const std::string head = head_of(path);
  const std::vector<Line> lines = non_blank_lines(head);
  if (lines.empty()) return {Kind::Other, "empty or unreadable"};
  const std::string_view first = lines.front().text;
  std::vector<std::string_view> fields;
  split_at("::", first, fields);  // as MovieLens' files without a header are
  if (find_text_fault(head).line > 0 && fields.size() == 1) return {Kind::Other, "no text"};
  if (const auto layout = layout_by_header(first, config))
    return guess_by_header(path, first, *layout, config);
  if (look_like_ids(lines)) return {Kind::Interactions, "interactions, lines of ids"};
  if (fields.size() == 4) return {Kind::Interactions, "interactions, user::item::rating::time"};
  if (fields.size() == 3) return {Kind::Items, "items, item::title"};
  return {Kind::Other, "neither a header nor lines of ids"};
}

Guess guess(const nn::Path& path, const DataConfig& config) {
  if (std::filesystem::is_directory(path)) return {Kind::Other, "a folder"};
  if (!std::filesystem::is_regular_file(path)) return {Kind::Other, "not a file"};
  Guess found;
  try {
    found = guess_by_text(path, config);
  } catch (const ag::InputError& error) {
    found.description = error.what();
  }
  // A damaged .item file still counts as items: it is an error later, instead of titles that are silently
  // missing.
  if (path.extension() == ".item" && found.kind != Kind::Items)
    return {Kind::Items, "items (" + found.description + ")"};
  return found;
}

std::vector<Found> files_of(const nn::Path& folder, const DataConfig& config) {
  std::vector<Found> files;
  try {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (!entry.path().filename().string().starts_with('.'))
        files.push_back({guess(entry.path(), config), entry.path()});
    }
  } catch (const std::filesystem::filesystem_error& error) {
    throw ag::InputError(
        ag::message(folder.string(), ": the folder cannot be read: ", error.code().message()));
  }
  std::ranges::sort(files, {}, &Found::path);
  return files;
}

std::vector<nn::Path> of_kind(const std::vector<Found>& files, Kind kind) {
  std::vector<nn::Path> paths;
  for (const Found& file : files) {
    if (file.kind == kind) paths.push_back(file.path);
  }
  return paths;
}

std::string listing(const std::vector<Found>& files) {
  constexpr size_t kMost = 20;
  std::string text;
  for (size_t i = 0; i < std::min(files.size(), kMost); ++i) {
    text += "\n  " + files[i].path.filename().string() + ": " + files[i].description;
  }
  if (files.size() > kMost) text += ag::message("\n  and ", files.size() - kMost, " more");
  return files.empty() ? "\n  nothing" : text;
}

// --- which files are the data ------------------------------------------------------------------------------

bool is_file(const nn::Path& path) {
  std::error_code error;
  return std::filesystem::is_regular_file(path, error);
}

// "X" of "X.valid.inter"; none if the name is not of RecBole's three.
std::optional<std::string> stem_of_split(const std::string& name) {
  for (const std::string ending : kSplitEndings) {
    if (name.ends_with(ending)) return name.substr(0, name.size() - ending.size());
  }
  return std::nullopt;
}

// RecBole's three files if this is one of them, else the file itself.
std::vector<nn::Path> with_others_of_split(const nn::Path& file) {
  const std::string name = file.filename().string();
  const auto stem = stem_of_split(name);
  if (!stem) return {file};
  std::vector<nn::Path> files;
  for (const char* ending : kSplitEndings) {
    files.push_back(file.parent_path() / (*stem + ending));
    INPUT_CHECK(is_file(files.back()), files.back().string(), ": there is no such file, but ", name,
                " is one of three for training, validation and test; expected all of them");
  }
  return files;
}

// A file of titles with a usual name beside a file of interactions.
std::optional<nn::Path> titles_beside(const nn::Path& file) {
  std::string name = file.filename().string();
  if (name.ends_with(".gz")) name.resize(name.size() - 3);
  if (const auto stem = stem_of_split(name)) name = *stem + ".inter";
  std::string stem = nn::Path(name).stem().string();
  const std::string ending = nn::Path(name).extension().string();
  std::vector<std::string> names = {stem + ".item"};
  if (stem == "ratings") names.push_back("movies" + ending);
  if (stem.starts_with("reviews_")) stem.erase(0, 8);
  if (stem.ends_with("_5")) stem.resize(stem.size() - 2);
  names.push_back("meta_" + stem + ending);
  for (const std::string& candidate : names) {
    for (const char* compressed : {"", ".gz"}) {
      const nn::Path path = file.parent_path() / (candidate + compressed);
      if (path != file && is_file(path)) return path;
    }
  }
  return std::nullopt;
}

// In a folder: the file beside the interactions, or the only file of items.
std::optional<nn::Path> choose_titles(const nn::Path& folder, const std::vector<Found>& files,
                                      const nn::Path& interactions) {
  const std::vector<nn::Path> items = of_kind(files, Kind::Items);
  if (const auto beside = titles_beside(interactions)) return beside;
  if (items.empty()) return std::nullopt;
  INPUT_CHECK(items.size() == 1, folder.string(), ": expected at most one file of items, or one named ",
              interactions.stem().string(), ".item, but found ", items.size(),
              " in this folder:", listing(files));
  return items.front();
}

DataFiles files_in_folder(const nn::Path& folder, const DataConfig& config) {
  const std::vector<Found> files = files_of(folder, config);
  const std::vector<nn::Path> interactions = of_kind(files, Kind::Interactions);
  const bool split = interactions.size() == 3 &&
                     std::ranges::is_permutation(interactions, with_others_of_split(interactions[0]));
  INPUT_CHECK(interactions.size() == 1 || split, folder.string(),
              ": expected one file of interactions in this folder but found ", interactions.size(),
              "; it holds:", listing(files), "\nhint: name the file itself");
  return {with_others_of_split(interactions.front()),
          config.titles.empty() ? choose_titles(folder, files, interactions.front()) : std::nullopt};
}

DataFiles find_data_files(const DataConfig& config) {
  const nn::Path path = config.name;
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  INPUT_CHECK(std::filesystem::exists(status), path.string(),
              ": there is no such file or folder of interactions");
  const bool folder = std::filesystem::is_directory(status);
  INPUT_CHECK(folder || std::filesystem::is_regular_file(status), path.string(),
              ": expected a file or a folder of interactions");
  DataFiles files =
      folder ? files_in_folder(path, config) : DataFiles{with_others_of_split(path), titles_beside(path)};
  if (!config.titles.empty()) files.titles = config.titles;
  return files;
}

// --- loading -----------------------------------------------------------------------------------------------

Interactions synthetic() {
  Interactions data = make_synthetic({});
  data.facts = {{"data", data.source}, {"format", data.format}, {"split", "leave-one-out"}};
  return data;
}

void add_titles(Interactions& data, const DataFiles& files, const DataConfig& config) {
  if (!files.titles) return data.facts.emplace_back("titles", "none"), void();
  Titles read = read_titles(*files.titles, data.item_ids, config);
  data.titles = std::move(read.titles);
  data.attribute_names = std::move(read.attribute_names);
  data.attributes = std::move(read.attributes);
  const auto titled =
      std::ranges::count_if(data.titles, [](const std::string& title) { return !title.empty(); });
  data.facts.emplace_back("titles", fmt::format("{}: {}; {} of {} items", files.titles->string(), read.format,
                                                titled, data.items()));
}

}  // namespace

Interactions load_data(const DataConfig& config) {
  check(config);
  if (config.name == "synthetic") return synthetic();
  const DataFiles files = find_data_files(config);
  const nn::Path& file = files.interactions.front();
  Rows rows = read_rows(files.interactions, config);
  std::string names = file.string();
  for (size_t i = 1; i < files.interactions.size(); ++i)
    names += ", " + files.interactions[i].filename().string();
  rows.facts.insert(rows.facts.begin(), {{"data", names}, {"format", rows.format}});
  filter_rows(rows, config);
  Interactions data = build_interactions(std::move(rows), config);
  data.source = file.string();
  add_titles(data, files, config);
  return data;
}

Interactions load_data(const std::string& name) { return load_data(DataConfig{.name = name}); }

}  // namespace p2rec
