// What the report tells of the items' vectors: a map, the nearest neighbours of some items, and how much of a
// known truth they hold.
#pragma once

#include "p2rec/data/interactions.h"
#include "p2rec/methods/p2rec/item_groups.h"
#include "p2rec/report/report.h"

namespace p2rec {

// What the method has found of the items, for made-up data to be compared with their truth.
struct FoundItems {
  const ItemGroups& groups;
  ag::Tensor teacher, untuned,
      enhanced;  // (V,d), (V,C), (V,C): the teacher's table, embeddings before and after
};

// Of the stage `augment`:
//   "map"          {"teacher", "enhanced": the shares of the variance that their two components have, "items":
//                  [{"item", "title", "group", "teacher": [x, y], "enhanced": [x, y]}]}: the first two principal
//                  components of the 300 items with most training interactions, the farthest at 1
//   "neighbours"   [{"item", "title", "group", "teacher", "untuned", "enhanced": the five nearest_items}]: of
//                  five items, each the most frequent one of its group, the most frequent groups' first
//   "known_truth"  [{"what", "found", "chance"}]; empty where the data have no known truth
nn::OrderedJson describe_embeddings(const Interactions& data, const FoundItems& found);
// "known_truth" as lines for the terminal, at most 80 columns wide.
std::string known_truth_text(const nn::OrderedJson& described);

ReportSection embedding_section();

}  // namespace p2rec
