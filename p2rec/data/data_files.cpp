#include "p2rec/data/data_files.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <vector>

#include "autograd/check.h"
#include "p2rec/data/table.h"
#include "p2rec/data/text_source.h"

namespace p2rec {
namespace {

enum class Kind { Interactions, Items, Other };

struct Found {
  nn::Path path;
  Kind kind = Kind::Other;
  std::string description;
};

constexpr std::array<std::string_view, 3> kSplitEndings = {".train.inter", ".valid.inter", ".test.inter"};

// The beginning of a text, cut where no character is cut. A folder may hold large files that are not ours.
std::string head_of(const nn::Path& path) {
  constexpr size_t kMost = 1 << 16;
  std::string head = beginning_of_text(path, kMost);
  if (head.size() == kMost) head.resize(head.find_last_of(" \t\n") + 1);  // 0 if there is none
  return head;
}

bool looks_like_id(std::string_view word) {
  const auto is_digit = [](unsigned char c) { return std::isdigit(c) != 0; };
  return std::any_of(word.begin(), word.end(), is_digit) &&
         std::all_of(word.begin(), word.end(),
                     [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '_'; });
}

bool looks_like_ids(const std::vector<Line>& lines) {
  constexpr size_t kEnough = 20;
  std::vector<std::string_view> words;
  for (size_t i = 0; i < std::min(lines.size(), kEnough); ++i) {
    split_at_blanks(lines[i].text, words);
    if (words.size() < 2 || !std::all_of(words.begin(), words.end(), looks_like_id)) return false;
  }
  return true;
}

// What a header says: a table of users and items is one of interactions, one of items and titles is one of titles.
Found examine_header(const nn::Path& path, std::string_view first, const Layout& layout,
                     const DataConfig& config) {
  const std::vector<Column> columns = columns_in(first, layout, path.string() + ": ");
  const auto has = [&](Role role) { return find_column(columns, role, config, "") >= 0; };
  const bool users = has(Role::User), items = has(Role::Item) || find_item_list(columns) >= 0;
  const bool titles =
      std::ranges::any_of(columns, [](const Column& c) { return c.name.find("title") != c.name.npos; });
  if (users && items) return {path, Kind::Interactions, "interactions, " + layout.name};
  if (items && (titles || path.extension() == ".item")) return {path, Kind::Items, "items"};
  return {path, Kind::Other, "a header without columns of users and items"};
}

// MovieLens' files without a header.
Found examine_movielens(const nn::Path& path, std::string_view first) {
  std::vector<std::string_view> fields;
  split_at("::", first, fields);
  if (fields.size() == 4) return {path, Kind::Interactions, "interactions, user::item::rating::time"};
  if (fields.size() == 3) return {path, Kind::Items, "items, item::title"};
  return {path, Kind::Other, "neither a header nor lines of ids"};
}

Found examine_text(const nn::Path& path, const DataConfig& config) {
  const std::string head = head_of(path);
  const std::vector<Line> lines = non_blank_lines(head);
  if (lines.empty()) return {path, Kind::Other, "empty or unreadable"};
  const std::string_view first = lines.front().text;
  if (find_text_fault(head).line > 0 && first.find("::") == first.npos) return {path, Kind::Other, "no text"};
  if (const auto layout = layout_by_header(first, config))
    return examine_header(path, first, *layout, config);
  if (looks_like_ids(lines)) return {path, Kind::Interactions, "interactions, lines of ids"};
  return examine_movielens(path, first);
}

Found examine(const nn::Path& path, const DataConfig& config) {
  if (std::filesystem::is_directory(path)) return {path, Kind::Other, "a folder"};
  if (!std::filesystem::is_regular_file(path)) return {path, Kind::Other, "not a file"};
  Found found{path, Kind::Other, ""};
  try {
    found = examine_text(path, config);
  } catch (const ag::InputError& error) {
    found.description = error.what();
  }
  // A file of items is known by its name: were a damaged one passed over, its titles would be missing without a word.
  if (path.extension() == ".item" && found.kind != Kind::Items)
    return {path, Kind::Items, "items (" + found.description + ")"};
  return found;
}

std::vector<Found> files_of(const nn::Path& folder, const DataConfig& config) {
  std::vector<Found> files;
  try {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (!entry.path().filename().string().starts_with('.')) files.push_back(examine(entry.path(), config));
    }
  } catch (const std::filesystem::filesystem_error& error) {
    throw ag::InputError(
        ag::message(folder.string(), ": the folder cannot be read: ", error.code().message()));
  }
  std::sort(files.begin(), files.end(), [](const Found& a, const Found& b) { return a.path < b.path; });
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

bool is_file(const nn::Path& path) {
  std::error_code error;
  return std::filesystem::is_regular_file(path, error);
}

// RecBole's three files if this is one of them, else the file itself.
std::vector<nn::Path> with_others_of_split(const nn::Path& file) {
  const std::string name = file.filename().string();
  for (const std::string_view ending : kSplitEndings) {
    if (!name.ends_with(ending)) continue;
    std::vector<nn::Path> files;
    for (const std::string_view other : kSplitEndings) {
      files.push_back(file.parent_path() /
                      (name.substr(0, name.size() - ending.size()) + std::string(other)));
      INPUT_CHECK(is_file(files.back()), files.back().string(), ": there is no such file, but ", name,
                  " is one of three for training, validation and test; expected all of them");
    }
    return files;
  }
  return {file};
}

// The titles that lie beside a file of interactions under a usual name.
std::optional<nn::Path> titles_beside(const nn::Path& file) {
  std::string name = file.filename().string();
  if (name.ends_with(".gz")) name.resize(name.size() - 3);
  for (const std::string_view ending : kSplitEndings) {
    if (name.ends_with(ending)) name.replace(name.size() - ending.size(), ending.size(), ".inter");
  }
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

// In a folder: beside the interactions, or the only file of items.
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

}  // namespace

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

}  // namespace p2rec
