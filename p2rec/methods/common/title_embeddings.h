// The embeddings of the items' titles by the untuned language model: the stage `embed`. The state at the last
// token of the title, or of the item's id if it has no title.
#pragma once

#include "p2rec/methods/common/language_model.h"

namespace p2rec {

constexpr const char* kEmbedTitles = "embed";  // the stage's name

// Writes item_embeddings.safetensors. Its check throws ag::InputError if the data have no titles. Section:
// "llm".
Stage embed_titles_stage(const LanguageModelConfig& llm);

// The embeddings (V,C). For stages with the input kEmbedTitles.
ag::Tensor title_embeddings(const Context& context);

}  // namespace p2rec
