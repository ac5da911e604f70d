#include "p2rec/methods/common/generated_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "nn/io/json.h"
#include "p2rec/report/text.h"

namespace p2rec {
namespace {

using nn::OrderedJsonReader;

constexpr size_t kShown = 5;

struct Dropped {
  std::string why, example;
  int64_t count = 0;
};

// The reasons, the most frequent first.
std::vector<Dropped> reasons(const std::vector<SeedData>& seeds) {
  std::map<std::string, Dropped> by_reason;
  for (const SeedData& data : seeds) {
    for (const Generated& g : data.all) {
      if (g.dropped.empty()) continue;
      Dropped& reason = by_reason.try_emplace(g.dropped, Dropped{g.dropped, g.text.input}).first->second;
      ++reason.count;
    }
  }
  std::vector<Dropped> all;
  for (const auto& [why, reason] : by_reason) all.push_back(reason);
  std::ranges::stable_sort(all, std::greater(), &Dropped::count);
  return all;
}

nn::OrderedJson describe_seed(const SeedData& data) {
  std::vector<int64_t> rounds;
  for (const Generated& g : data.all) {
    rounds.resize(std::max(rounds.size(), static_cast<size_t>(g.round)), 0);
    if (g.dropped.empty()) ++rounds[static_cast<size_t>(g.round) - 1];
  }
  return {
      {"seed", data.seed}, {"written", data.all.size()}, {"kept", kept(data.all).size()}, {"rounds", rounds}};
}

std::string generated_html(const OrderedJsonReader& found) {
  std::string seeds, dropped, examples;
  for (const OrderedJsonReader& seed : found["seeds"].list()) {
    std::string rounds;
    for (const OrderedJsonReader& round : seed["rounds"].list())
      rounds += (rounds.empty() ? "" : ", ") + count_text(round.integer());
    const int64_t written = seed["written"].integer(), used = seed["kept"].integer();
    seeds += row(
        count_text(seed["seed"].integer()), "",
        cell(count_text(written)) + cell(count_text(used)) + cell(count_text(written - used)) + cell(rounds));
  }
  for (const OrderedJsonReader& reason : found["dropped"].list())
    dropped += row(escaped(reason["why"].string()), escaped(shortened(reason["example"].string(), 100)),
                   cell(count_text(reason["count"].integer())));
  for (const OrderedJsonReader& example : found["kept"].list())
    examples += row(escaped(shortened(example["input"].string(), 300)),
                    "from: " + escaped(shortened(example["from"].string(), 300)),
                    cell(escaped(shortened(example["output"].string(), 100))));
  std::string html =
      table("Examples by seed", "Examples that were written, kept and dropped",
            column("Seed") + column("written") + column("kept") + column("dropped") + column("kept by round"),
            seeds);
  html += dropped.empty() ? "<p>None was dropped.</p>\n"
                          : table("Dropped examples", "Why examples were dropped, over all seeds",
                                  column("Reason, and the first example") + column("dropped"), dropped);
  html += examples.empty() ? "<p>None was kept.</p>\n"
                           : table("Kept examples", "The first ones of the first seed",
                                   column("Input") + column("Output"), examples);
  return html;
}

}  // namespace

nn::OrderedJson describe_generated(const std::vector<SeedData>& seeds) {
  nn::OrderedJson by_seed = nn::OrderedJson::array(), dropped = nn::OrderedJson::array(),
                  examples = nn::OrderedJson::array();
  for (const SeedData& data : seeds) by_seed.push_back(describe_seed(data));
  for (const Dropped& reason : reasons(seeds))
    dropped.push_back({{"why", reason.why}, {"count", reason.count}, {"example", reason.example}});
  for (const Generated& g : seeds.at(0).all) {
    if (!g.dropped.empty() || examples.size() == kShown) continue;
    examples.push_back({{"input", g.text.input}, {"output", g.text.output}, {"from", g.from}});
  }
  return {{"seeds", by_seed}, {"dropped", dropped}, {"kept", examples}};
}

std::string generated_text(const std::vector<SeedData>& seeds) {
  size_t written = 0, used = 0;
  for (const SeedData& data : seeds) {
    written += data.all.size();
    used += kept(data.all).size();
  }
  std::string text = fmt::format("{} written, {} kept", written, used), why;
  for (const Dropped& reason : reasons(seeds))
    why += fmt::format("{} {} {}", why.empty() ? "; dropped:" : ",", reason.count, reason.why);
  return text + why;
}

ReportSection generated_section(const std::string& stage) {
  return {"generated", "Examples that were written", stage, generated_html};
}

}  // namespace p2rec
