#include "p2rec/data/items_file.h"

#include <fmt/format.h>

namespace p2rec {
namespace {

// In a file of tab-separated columns a tab or a line break in a title would be a column or a line.
std::string one_field(std::string text) {
  for (char& c : text) {
    if (c == '\t' || c == '\n' || c == '\r') c = ' ';
  }
  return text;
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

}  // namespace p2rec
