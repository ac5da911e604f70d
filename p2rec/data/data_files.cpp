// Which files of a folder are the data.
#include <algorithm>
#include <cctype>
#include <fstream>
#include <string>
#include <vector>

#include "autograd/check.h"
#include "p2rec/data/atomic_file.h"
#include "p2rec/data/read_interactions.h"

namespace p2rec {
namespace {

enum class Kind { Interactions, Items, Other };

struct Found {
  nn::Path path;
  Kind kind = Kind::Other;
  std::string description;
};

// The beginning of a file, cut between words. A folder may hold large files that are not ours.
std::string head_of(const nn::Path& path) {
  std::string head(1 << 16, '\0');
  std::ifstream in(path, std::ios::binary);
  in.read(head.data(), static_cast<std::streamsize>(head.size()));
  const bool whole = in.eof();
  head.resize(static_cast<size_t>(in.gcount()));
  if (!whole) head.resize(head.find_last_of(" \t\n") + 1);  // 0 if there is none
  return head;
}

bool looks_like_id(std::string_view word) {
  return std::ranges::any_of(word, [](unsigned char c) { return std::isdigit(c) != 0; }) &&
         std::ranges::all_of(word, [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '_'; });
}

bool looks_like_ids(const std::vector<Line>& lines) {
  constexpr size_t kEnough = 20;
  std::vector<std::string_view> words;
  return std::all_of(lines.begin(), lines.begin() + std::min(lines.size(), kEnough), [&](const Line& line) {
    split_at_blanks(line.text, words);
    return words.size() >= 2 && std::ranges::all_of(words, looks_like_id);
  });
}

Found examine(const nn::Path& path) {
  if (std::filesystem::is_directory(path)) return {path, Kind::Other, "a folder"};
  if (!std::filesystem::is_regular_file(path)) return {path, Kind::Other, "not a file"};
  // A file of items is known by its name: the titles of a damaged one must not be missing silently.
  const bool named_item = path.extension() == ".item";
  const auto other = [&](const std::string& why) {
    return Found{path, named_item ? Kind::Items : Kind::Other, named_item ? "items (" + why + ")" : why};
  };
  const std::string head = head_of(path);
  const std::vector<Line> lines = non_blank_lines(head);
  if (lines.empty()) return other("empty or unreadable");
  if (find_text_fault(head).line > 0) return other("no text");
  if (const auto columns = atomic_header(lines.front().text); !columns.empty()) {
    const bool has_users = find_column(columns, "user_id") >= 0,
               has_items = find_column(columns, "item_id") >= 0;
    if (has_users && has_items) return {path, Kind::Interactions, "interactions, with a header"};
    if (has_items && named_item) return {path, Kind::Items, "items"};
    return other("a header without user_id and item_id");
  }
  if (!named_item && looks_like_ids(lines)) return {path, Kind::Interactions, "interactions, lines of ids"};
  return other("neither a header nor lines of ids");
}

std::vector<Found> files_of(const nn::Path& folder) {
  std::vector<Found> files;
  try {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (!entry.path().filename().string().starts_with('.')) files.push_back(examine(entry.path()));
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
  for (size_t i = 0; i < std::min(files.size(), kMost); ++i)
    text += "\n  " + files[i].path.filename().string() + ": " + files[i].description;
  if (files.size() > kMost) text += ag::message("\n  and ", files.size() - kMost, " more");
  return files.empty() ? "\n  nothing" : text;
}

// The only .item file, or among several the one that has the interactions' name.
std::optional<nn::Path> choose_items(const nn::Path& folder, const std::vector<Found>& files,
                                     const nn::Path& interactions) {
  const std::vector<nn::Path> items = of_kind(files, Kind::Items);
  if (items.empty()) return std::nullopt;
  if (items.size() == 1) return items.front();
  const auto same = std::ranges::find(items, interactions.stem(), &nn::Path::stem);
  INPUT_CHECK(same != items.end(), folder.string(), ": expected at most one file of items, or one named ",
              interactions.stem().string(), ".item, but found ", items.size(),
              " in this folder:", listing(files));
  return *same;
}

}  // namespace

DataFiles find_data_files(const nn::Path& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  INPUT_CHECK(std::filesystem::exists(status), path.string(),
              ": there is no such file or folder of interactions");
  if (!std::filesystem::is_directory(status)) {
    INPUT_CHECK(std::filesystem::is_regular_file(status), path.string(),
                ": expected a file or a folder of interactions");
    nn::Path items = path;
    items.replace_extension(".item");
    const bool beside = items != path && std::filesystem::is_regular_file(items, error);
    return {path, beside ? std::optional(items) : std::nullopt};
  }
  const std::vector<Found> files = files_of(path);
  const std::vector<nn::Path> interactions = of_kind(files, Kind::Interactions);
  INPUT_CHECK(interactions.size() == 1, path.string(),
              ": expected one file of interactions in this folder but found ", interactions.size(),
              "; it holds:", listing(files), "\nhint: name the file itself");
  return {interactions.front(), choose_items(path, files, interactions.front())};
}

}  // namespace p2rec
