// Tempura's prompts. tests/p2rec/methods/tempura_test.cpp has one of each in full.
#pragma once

#include <string>
#include <vector>

#include "nn/io/describe.h"
#include "p2rec/llm/candidates.h"

namespace p2rec {

struct TempuraPromptConfig {
  int64_t history = 10;        // maximum number of items, the user's last ones
  int64_t demonstrations = 2;  // proximal ones
  int64_t clusters = 3;
};
void describe(TempuraPromptConfig& config, const nn::Visit& visit);

// Which strategies a prompt uses.
struct TempuraPrompt {
  std::string name, meaning;
  bool proximal = false, global = false, clusters = false;
};
// plain, proximal, global, clusters, combined
const std::vector<TempuraPrompt>& tempura_prompts();

// After these items the next one was that.
struct Demonstration {
  std::vector<int32_t> history;
  int32_t next = 0;
};

// All that prompts say about a user. The items are the last ones of a history, in the order in which the
// prompts have them.
struct UserStory {
  std::vector<int32_t> items;
  std::vector<Demonstration> proximal;         // the latest one last
  std::vector<Demonstration> global;           // one, or none if no other user has a common item
  std::vector<std::vector<int32_t>> clusters;  // items, cut into periods
};

// The user of the training part that shares most with the history, by |A and B| / |A or B|; ties: the lower
// index. Only users with two or more training items, and not `user`; -1 if none shares an item.
int64_t most_similar_user(const Interactions& data, int64_t user, Sequence history);

// history: what is before the target, at least one item. item_vectors (V,d): the teacher's, by which items
// are alike.
UserStory user_story(const Interactions& data, int64_t user, Sequence history, const ag::Tensor& item_vectors,
                     const TempuraPromptConfig& config);
// The same for the shuffle test: the items in a random order, as if that were the true order. The seed and
// the user determine it.
UserStory shuffled_story(const Interactions& data, int64_t user, Sequence history,
                         const ag::Tensor& item_vectors, const TempuraPromptConfig& config, uint64_t seed);

// The prompt, to be continued with " TITLE".
std::string tempura_text(const TempuraPrompt& prompt, const UserStory& story, Sequence candidates,
                         const Interactions& data);

}  // namespace p2rec
