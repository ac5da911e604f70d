// The parameters of a model with a given configuration. The loaders check a file against them before they
// allocate memory for the model.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "models/llama/llama.h"

namespace models {

struct LayoutEntry {
  std::string name, gguf_name;  // of a parameter, in Hugging Face and in GGUF
  ag::Shape shape;
  int64_t rotated_heads = 0;  // for q and k: the number of heads in their rows
};

// All parameters, in the model's order.
std::vector<LayoutEntry> layout_of(const LlamaConfig& config);

// Throws ag::InputError, beginning with `file`, if sizes contradict each other or products reach 2^63.
void check_sizes(const LlamaConfig& config, const std::string& file);

// The same, and also if there are more layers than tensors in the file; the layout would be too long.
void check_config(const LlamaConfig& config, const std::string& file, size_t tensors);

// Throws ag::InputError, which lists the problems, unless `found` has exactly the entries of the layout, with
// their shapes. `name` selects the name that the file uses.
void check_tensors(const std::vector<LayoutEntry>& layout, std::string LayoutEntry::*name,
                   std::map<std::string, ag::Shape> found, const std::string& file);

// Throws ag::InputError, beginning with `file`, if the parameters do not fit into memory.
void need_memory_for(const LlamaConfig& config, const std::string& file);

std::map<std::string, ag::Tensor> parameters_by_name(const Llama& model);

}  // namespace models
