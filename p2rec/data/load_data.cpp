#include "p2rec/data/load_data.h"

#include <fmt/format.h>

#include <algorithm>

#include "p2rec/data/data_files.h"
#include "p2rec/data/filters.h"
#include "p2rec/data/read_interactions.h"
#include "p2rec/data/rows.h"
#include "p2rec/data/synthetic.h"
#include "p2rec/data/titles.h"

namespace p2rec {
namespace {

Interactions synthetic() {
  Interactions data = make_synthetic({});
  data.facts = {{"data", data.source}, {"format", data.format}, {"split", "leave-one-out"}};
  return data;
}

void add_titles(Interactions& data, const DataFiles& files, const DataConfig& config) {
  if (!files.titles) return data.facts.emplace_back("titles", "none"), void();
  Titles read = read_titles(*files.titles, data.item_ids, config);
  data.titles = std::move(read.titles);
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
  Rows rows =
      files.interactions.size() == 1 ? read_rows(file, config) : read_given_split(files.interactions, config);
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
