// Hugging Face folders: config.json, model.safetensors or its shards with model.safetensors.index.json, tokenizer.json.
// Model types llama, mistral and qwen2, as transformers 4 and 5 write and read them.
#pragma once

#include <memory>

#include "models/llama/llama.h"
#include "models/tokenizers/tokenizer.h"

namespace models {

// config.json, checked against the folder's tensors as load_hugging_face_model does.
LlamaConfig checked_hugging_face_config(const nn::Path& folder);

// Frozen. The weights go tensor by tensor into the model, whatever type of number they are stored in. Strict: every tensor is
// used and every parameter filled; all names and shapes are checked, and what memory will not hold is refused, before memory for the model is asked for. Names may
// lack the prefix "model."; rotary_emb.inv_freq of old checkpoints is ignored; a tied model's lm_head must be absent or
// equal to the token table. Throws ag::InputError naming the file.
std::unique_ptr<Llama> load_hugging_face_model(const nn::Path& folder);

std::unique_ptr<Tokenizer> load_hugging_face_tokenizer(const nn::Path& folder);

}  // namespace models
