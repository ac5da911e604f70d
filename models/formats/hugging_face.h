// Hugging Face folders: config.json, model.safetensors or its shards with model.safetensors.index.json,
// tokenizer.json. Model types llama, mistral, qwen2 and qwen3, in the formats of transformers 4 and 5.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "models/llama/llama.h"
#include "models/tokenizers/tokenizer.h"
#include "nn/io/files.h"

namespace models {

// Reads config.json, with rope_theta and rope_scaling (transformers 4) or rope_parameters (5). Throws
// ag::InputError, which names the file and what is not supported: other activations, biases of any type but
// qwen2, sliding windows shorter than the context, quantised weights, and scaled rotary positions other than
// linear, llama3 and a longrope that does not depend on the length.
LlamaConfig read_hugging_face_config(const nn::Path& file);

// PyTorch's names of the types in safetensors: {"BF16", "bfloat16"}, ...
const std::map<std::string, std::string>& torch_names();

// Writes config.json. `type` is the stored type of the weights ("BF16"). `base` is empty or the model's
// original config.json, whose other keys are kept. `token_ids` are further keys ("eos_token_id").
void write_hugging_face_config(const nn::Path& file, const LlamaConfig& config, const std::string& type,
                               const nn::Path& base = {},
                               const std::map<std::string, int64_t>& token_ids = {});

// Reads config.json and checks it against the folder's tensors, as load_hugging_face_model does.
LlamaConfig checked_hugging_face_config(const nn::Path& folder);

// Loads the model, frozen. The weights are reals of any type; they are loaded one tensor at a time. Strict:
// every tensor must be used and every parameter must be there; names, shapes and free memory are checked
// before memory for the model is allocated. Names may be without the prefix "model."; rotary_emb.inv_freq of
// old checkpoints is ignored; a tied model's lm_head must be absent or equal to the token table. Throws
// ag::InputError, which names the file.
std::unique_ptr<Llama> load_hugging_face_model(const nn::Path& folder);

// The type of each parameter in the folder, with safetensors' names.
nn::StoredTypes hugging_face_types(const nn::Path& folder);

// Writes model.safetensors, or, if that would have more than `limit` bytes, an index and
// model-00001-of-0000N.safetensors with at most `limit` bytes each (more if a single tensor is larger).
// Types: see write_safetensors.
void write_hugging_face_weights(const nn::Path& folder, const nn::NamedTensors& tensors,
                                const nn::StoredTypes& types, int64_t limit);

std::unique_ptr<Tokenizer> load_hugging_face_tokenizer(const nn::Path& folder);

}  // namespace models
