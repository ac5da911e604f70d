#include "p2rec/data/write_interactions.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ostream>

#include "autograd/check.h"

namespace p2rec {
namespace {

// An item's title without tabs and line breaks, which would break the table.
std::string title_of(const Interactions& data, size_t item) {
  std::string title = data.title(item);
  std::ranges::replace_if(
      title, [](char c) { return c == '\t' || c == '\n' || c == '\r'; }, ' ');
  return title;
}

// The bounds of the three parts of a user's interactions.
std::array<size_t, 4> bounds(const Interactions& data, size_t user) {
  const UserParts parts = parts_of(data, static_cast<int64_t>(user));
  return {0, static_cast<size_t>(parts.training), static_cast<size_t>(parts.history),
          data.sequences[user].size()};
}

// Writes each user's rows between two of the bounds.
void write_rows(const nn::Path& file, const Interactions& data, size_t from, size_t to) {
  nn::write_atomically(file, [&](std::ostream& out) {
    out << "user_id:token\titem_id:token" << (data.times.empty() ? "" : "\ttimestamp:float")
        << (data.ratings.empty() ? "" : "\trating:float") << '\n';
    for (size_t u = 0; u < data.sequences.size(); ++u) {
      const auto bound = bounds(data, u);
      for (size_t i = bound[from]; i < bound[to]; ++i) {
        out << data.user_ids[u] << '\t' << data.item_ids[static_cast<size_t>(data.sequences[u][i])];
        if (!data.times.empty()) out << '\t' << data.times[u][i];
        if (!data.ratings.empty()) out << fmt::format("\t{}", data.ratings[u][i]);
        out << '\n';
      }
    }
  });
}

void write_files(const nn::Path& folder, const std::string& name, const Interactions& data) {
  if (!data.titles.empty()) {
    std::string items = "item_id:token\ttitle:token_seq\n";
    for (size_t i = 0; i < data.item_ids.size(); ++i)
      items += data.item_ids[i] + "\t" + title_of(data, i) + "\n";
    nn::write_atomically(folder / (name + ".item"), items);
  }
  if (data.parts.empty()) return write_rows(folder / (name + ".inter"), data, 0, 3);
  const char* endings[] = {".train.inter", ".valid.inter", ".test.inter"};
  for (size_t part = 0; part < 3; ++part) write_rows(folder / (name + endings[part]), data, part, part + 1);
}

}  // namespace

void write_items(const nn::Path& file, const Interactions& data) {
  std::string text = "row\titem_id\ttitle\n";
  for (size_t i = 0; i < data.item_ids.size(); ++i)
    text += fmt::format("{}\t{}\t{}\n", i, data.item_ids[i], title_of(data, i));
  nn::write_atomically(file, text);
}

void write_interactions(const nn::Path& folder, const Interactions& data) {
  namespace fs = std::filesystem;
  const nn::Path target = (folder / "").parent_path();  // without a slash at the end
  nn::Path temporary = target;
  temporary += nn::kTemporaryEnding;
  std::error_code error;
  INPUT_CHECK(!fs::exists(target, error), "out: ", target.string(),
              " is there already; expected a new folder");
  fs::remove_all(temporary, error);
  try {
    nn::make_folder(temporary);
    write_files(temporary, target.filename().string(), data);
    fs::rename(temporary, target);
  } catch (...) {
    fs::remove_all(temporary, error);
    throw;
  }
}

}  // namespace p2rec
