// Step 5 of the method, information augmentation: each item is the whole history of a virtual user. The
// language model's state at the end of this user's prompt is the item's enhanced embedding.
#pragma once

#include "p2rec/llm/embed.h"
#include "p2rec/llm/prompts.h"
#include "p2rec/task/task.h"

namespace p2rec {

// (V,C): one row per item. All prompts have the same beginning, whose keys and values are computed once.
ag::Tensor augment_items(const ItemReader& reader, const Prompts& prompts, const Task& task = {});

// Throws ag::InputError if augment_items does not fit into the memory of the model's device.
void check_augmentation_memory(const ItemReader& reader, const Prompts& prompts);

}  // namespace p2rec
