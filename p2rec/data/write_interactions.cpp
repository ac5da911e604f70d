#include "p2rec/data/write_interactions.h"

#include <fmt/format.h>

#include <ostream>

#include "autograd/check.h"

namespace p2rec {
namespace {

// In a file of tab-separated columns a tab or a line break in a title would be a column or a line.
std::string one_field(std::string text) {
  for (char& c : text) {
    if (c == '\t' || c == '\n' || c == '\r') c = ' ';
  }
  return text;
}

struct Range {
  int32_t begin, end;
};

// The rows of `part` for each user.
template <class Part>
void write_rows(const nn::Path& file, const Interactions& data, const Part& part) {
  nn::write_atomically(file, [&](std::ostream& out) {
    out << "user_id:token\titem_id:token" << (data.times.empty() ? "" : "\ttimestamp:float")
        << (data.ratings.empty() ? "" : "\trating:float") << '\n';
    for (size_t u = 0; u < data.sequences.size(); ++u) {
      const Range range = part(static_cast<int64_t>(u));
      for (auto i = static_cast<size_t>(range.begin); i < static_cast<size_t>(range.end); ++i) {
        out << data.user_ids[u] << '\t' << data.item_ids[static_cast<size_t>(data.sequences[u][i])];
        if (!data.times.empty()) out << '\t' << data.times[u][i];
        if (!data.ratings.empty()) out << fmt::format("\t{}", data.ratings[u][i]);
        out << '\n';
      }
    }
  });
}

void write_titles(const nn::Path& file, const Interactions& data) {
  nn::write_atomically(file, [&](std::ostream& out) {
    out << "item_id:token\ttitle:token_seq\n";
    for (size_t i = 0; i < data.item_ids.size(); ++i)
      out << data.item_ids[i] << '\t' << one_field(data.titles[i]) << '\n';
  });
}

void write_files(const nn::Path& folder, const std::string& name, const Interactions& data) {
  const auto length = [&](int64_t u) {
    return static_cast<int32_t>(data.sequences[static_cast<size_t>(u)].size());
  };
  if (!data.titles.empty()) write_titles(folder / (name + ".item"), data);
  if (data.parts.empty())
    return write_rows(folder / (name + ".inter"), data, [&](int64_t u) { return Range{0, length(u)}; });
  write_rows(folder / (name + ".train.inter"), data, [&](int64_t u) {
    return Range{0, parts_of(data, u).training};
  });
  write_rows(folder / (name + ".valid.inter"), data, [&](int64_t u) {
    return Range{parts_of(data, u).training, parts_of(data, u).history};
  });
  write_rows(folder / (name + ".test.inter"), data, [&](int64_t u) {
    return Range{parts_of(data, u).history, length(u)};
  });
}

}  // namespace

void write_items(const nn::Path& file, const Interactions& data) {
  std::string text = "row\titem_id\ttitle\n";
  for (size_t i = 0; i < data.item_ids.size(); ++i) {
    text += fmt::format("{}\t{}\t{}\n", i, data.item_ids[i],
                        data.titles.empty() ? "" : one_field(data.titles[i]));
  }
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
