#include "p2rec/methods/p2rec/preferences.h"

#include <fmt/format.h>

#include <sstream>

#include "p2rec/data/text_file.h"

namespace p2rec {

ag::Tensor preference_of(Sequence items, const ItemGroups& groups) {
  AG_CHECK(!items.empty(), "preference_of: the sequence is empty, so it has no shares");
  std::vector<double> share(static_cast<size_t>(groups.groups), 0);
  for (int32_t item : items) {
    AG_CHECK(item >= 0 && static_cast<size_t>(item) < groups.group_of.size(), "preference_of: item ", item,
             " of ", groups.group_of.size());
    share.at(static_cast<size_t>(groups.group_of[static_cast<size_t>(item)])) += 1;
  }
  for (double& s : share) s /= static_cast<double>(items.size());
  return ag::Tensor::from({groups.groups}, share);
}

ag::Tensor user_preferences(const Interactions& data, const ItemGroups& groups) {
  AG_CHECK(data.items() == static_cast<int64_t>(groups.group_of.size()), "user_preferences: ", data.items(),
           " items but groups for ", groups.group_of.size());
  ag::Tensor preferences = ag::Tensor::zeros({data.users(), groups.groups});
  for (int64_t user = 0; user < data.users(); ++user) {
    if (training_part(data, user).empty()) continue;
    preferences.rows(user, user + 1)
        .copy_from(preference_of(training_part(data, user), groups).view({1, groups.groups}));
  }
  return preferences;
}

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
    std::getline(in, line);
    const bool of_item = line.starts_with(id + "\t");
    const auto group = parse_field<int32_t>(of_item ? std::string_view(line).substr(id.size() + 1) : "");
    INPUT_CHECK(group && *group >= 0, file.string(), ": found '", line, "' where item ", id,
                " and its group were expected; hint: the file belongs to other data, or was changed");
    INPUT_CHECK(*group < data.items(), file.string(), ": item ", id, " is in group ", *group,
                "; expected a group below ", data.items(), ", the number of items");
    groups.group_of.push_back(*group);
    groups.groups = std::max(groups.groups, *group + 1);
  }
  INPUT_CHECK(!std::getline(in, line), file.string(), ": found '", line, "' after the last item's line",
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
