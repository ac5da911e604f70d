// LoRA on a whole model: attach, merge, unmerge, and PEFT's adapter folder.
#pragma once

#include <string>
#include <vector>

#include "nn/layers.h"

namespace nn {

struct LoraConfig {
  std::vector<std::string> targets = {"q_proj",    "k_proj",  "v_proj",   "o_proj",
                                      "gate_proj", "up_proj", "down_proj"};
  int64_t rank = 8;
  double alpha = 16;
  double dropout = 0;
  uint64_t seed = 1;
};

// Freezes the model and gives every Linear whose name ends with a target an adapter: A as PEFT draws it
// (Kaiming uniform with a = sqrt 5, which is uniform within 1 / sqrt(in)), B zero. A target that matches
// nothing is an ag::InputError.
void attach_lora(Module& model, const LoraConfig& config);
void detach_lora(Module& model);

// The adapters' matrices with PEFT's names for a causal LM: "base_model.model.<module>.lora_A.weight".
NamedTensors lora_parameters(Module& model);

// Adds scaling B A to the frozen weights, and takes it away again. A merged adapter must not stay attached.
void merge_lora(Module& model);
void unmerge_lora(Module& model);

// adapter_config.json and adapter_model.safetensors, as PEFT writes and reads them (PEFT 0.21).
void write_adapter(const Path& folder, Module& model, const LoraConfig& config, const std::string& base_model,
                   const Metadata& metadata = {});
// Attaches what the folder holds. What PEFT knows and this library does not (DoRA, biases, modules_to_save,
// rank patterns, other task types) is refused by name with ag::InputError.
LoraConfig read_adapter(const Path& folder, Module& model);

}  // namespace nn
