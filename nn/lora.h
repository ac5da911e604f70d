// LoRA on a whole model: attach, merge, detach.
#pragma once

#include <functional>
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

// A layer that is to have an adapter of its own rank.
struct LoraTarget {
  std::string name;
  Linear* linear;
  int64_t rank;
  double scaling;
};

// Freezes the model and gives every Linear whose name ends with a target an adapter: A as PEFT draws it
// (Kaiming uniform with a = sqrt 5, which is uniform within 1 / sqrt(in)), B zero. A target that matches
// nothing is an ag::InputError. The adapters' matrices are parameters of the model until they are detached.
void attach_lora(Module& model, const LoraConfig& config);
void attach_lora(Module& model, const std::vector<LoraTarget>& targets, double dropout, uint64_t seed);
void detach_lora(Module& model);

// True if a name in `targets` means this module: its full name or the end of it, from a dot on.
bool names_module(const std::string& target, const std::string& module);

// PEFT's names for a causal LM are "base_model.model.<module>.lora_A.weight" and the same with lora_B.
inline constexpr const char* kPeftPrefix = "base_model.model.";

// The adapters' matrices with PEFT's names.
NamedTensors lora_parameters(const Module& model);

// Adds scaling B A to the frozen weights. A merged adapter must not stay attached.
void merge_lora(Module& model);

// Calls visit(full name, linear) for every Linear of the model.
void for_each_linear(Module& model, const std::function<void(const std::string&, Linear&)>& visit);

}  // namespace nn
