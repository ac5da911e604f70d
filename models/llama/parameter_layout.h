// What a model of a configuration holds, and the check that a file holds just that, before memory for the
// model is asked for. The loaders share it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "models/llama/llama.h"

namespace models {

struct LayoutEntry {
  std::string name, gguf_name;  // of a parameter, as Hugging Face and as GGUF write it
  ag::Shape shape;
  int64_t rotated_heads = 0;  // of q and k: how many heads their rows make
};

// Every parameter, in the model's order.
std::vector<LayoutEntry> layout_of(const LlamaConfig& config);

// Throws ag::InputError, beginning with `file`, unless all sizes fit together and products stay below 2^63.
void check_sizes(const LlamaConfig& config, const std::string& file);

// The same, and no more layers than the file has tensors: only then may the layout be listed.
void check_config(const LlamaConfig& config, const std::string& file, size_t tensors);

// Every entry is among `found` in its shape, and nothing else is; `name` says which of its names the file
// uses. Throws ag::InputError that lists the problems.
void check_tensors(const std::vector<LayoutEntry>& layout, std::string LayoutEntry::*name,
                   std::map<std::string, ag::Shape> found, const std::string& file);

// Throws ag::InputError, beginning with `file`, where the parameters do not fit into memory.
void need_memory_for(const LlamaConfig& config, const std::string& file);

std::map<std::string, ag::Tensor> parameters_by_name(const Llama& model);

}  // namespace models
