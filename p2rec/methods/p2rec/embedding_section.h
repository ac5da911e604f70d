// The report's section on item vectors: a map, the nearest neighbours of some items, and a comparison with
// the known truth of synthetic data.
#pragma once

#include "p2rec/data/interactions.h"
#include "p2rec/methods/p2rec/item_groups.h"
#include "p2rec/report/report.h"

namespace p2rec {

// What the method found out about the items.
struct FoundItems {
  const ItemGroups& groups;
  // The teacher's item table (V,d), and the embeddings before and after fine-tuning (V,C).
  ag::Tensor teacher, untuned, enhanced;
};

// The record of the stage `augment`:
//   "map"          {"teacher", "enhanced": the shares of variance of their two components, "items": [{"item",
//                  "title", "group", "teacher": [x, y], "enhanced": [x, y]}]}: the first two principal
//                  components of the 300 items with most training interactions; the largest coordinate is 1
//   "neighbours"   [{"item", "title", "group", "teacher", "untuned", "enhanced": the five nearest_items}]:
//                  the most frequent item of each of five groups, most frequent first
//   "known_truth"  [{"what", "found", "chance"}]; empty if the data have no known truth
nn::OrderedJson describe_embeddings(const Interactions& data, const FoundItems& found);
// "known_truth" as lines for the terminal, at most 80 columns wide.
std::string known_truth_text(const nn::OrderedJson& described);

ReportSection embedding_section();

}  // namespace p2rec
