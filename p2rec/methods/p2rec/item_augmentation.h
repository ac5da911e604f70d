// Step 5 of the method, information augmentation: each item by itself is a virtual user, and the language
// model's state at the end of that user's prompt is the item's enhanced embedding.
#pragma once

#include "p2rec/llm/embed.h"
#include "p2rec/llm/prompts.h"
#include "p2rec/task/task.h"

namespace p2rec {

// (V,C): a row per item. All prompts begin alike: the beginning's keys and values are computed once.
ag::Tensor augment_items(const ItemReader& reader, const Prompts& prompts, const Task& task = {});

// Throws ag::InputError if that does not fit into the memory of the model's device.
void check_augmentation_memory(const ItemReader& reader, const Prompts& prompts);

}  // namespace p2rec
