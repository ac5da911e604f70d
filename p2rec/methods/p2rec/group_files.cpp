#include "p2rec/methods/p2rec/group_files.h"

#include <fmt/format.h>

#include <sstream>

namespace p2rec {

void write_groups(const nn::Path& file, const Interactions& data, const ItemGroups& groups) {
  std::string text = "item_id\tgroup\n";
  for (size_t i = 0; i < data.item_ids.size(); ++i)
    text += fmt::format("{}\t{}\n", data.item_ids[i], groups.group_of[i]);
  nn::write_atomically(file, text);
}

ItemGroups read_groups(const nn::Path& file, const Interactions& data) {
  std::istringstream in(nn::read_file(file, "table of item groups"));
  std::string line;
  std::getline(in, line);
  INPUT_CHECK(line == "item_id\tgroup", file.string(), ": the first line is '", line,
              "', expected 'item_id<tab>group'");
  ItemGroups groups;
  for (const std::string& id : data.item_ids) {
    std::string found, group;
    std::getline(in, line);
    std::istringstream fields(line);
    std::getline(fields, found, '\t');
    std::getline(fields, group);
    const bool number =
        !group.empty() && group.size() < 9 && group.find_first_not_of("0123456789") == std::string::npos;
    INPUT_CHECK(found == id && number, file.string(), ": found '", line, "' where item ", id,
                " and its group were expected; hint: the file ", "belongs to other data, or was changed");
    groups.group_of.push_back(std::stoi(group));
    groups.groups = std::max(groups.groups, groups.group_of.back() + 1);
    INPUT_CHECK(groups.groups <= data.items(), file.string(), ": item ", id, " is in group ", group,
                ", but of ", data.items(), " items there are at most as many groups, counted from 0");
  }
  INPUT_CHECK(!std::getline(in, line), file.string(), ": found '", line, "' behind the last item's line",
              "; hint: the file belongs to other data, or was changed");
  return groups;
}

void write_preferences(const nn::Path& file, const Interactions& data, const ag::Tensor& preferences) {
  const int64_t K = preferences.dim(1);
  std::string text = "user_id";
  for (int64_t k = 0; k < K; ++k) text += fmt::format("\tgroup_{}", k);
  for (int64_t u = 0; u < preferences.dim(0); ++u) {
    text += "\n" + data.user_ids[static_cast<size_t>(u)];
    for (int64_t k = 0; k < K; ++k) text += fmt::format("\t{:.9g}", preferences.data()[u * K + k]);
  }
  nn::write_atomically(file, text + "\n");
}

}  // namespace p2rec
