// LoRA for a whole model: attach, merge, detach.
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

// A layer that gets an adapter, with its own rank.
struct LoraTarget {
  std::string name;
  Linear* linear;
  int64_t rank;
  double scaling;
};

// Freezes the model and attaches an adapter to every Linear whose name ends with a target. A is drawn as in
// PEFT (Kaiming uniform with a = sqrt 5, that is uniform in +-1 / sqrt(in)), B is zero. Throws ag::InputError
// for a target that matches nothing. The adapters' matrices are parameters of the model until detach_lora.
void attach_lora(Module& model, const LoraConfig& config);
void attach_lora(Module& model, const std::vector<LoraTarget>& targets, double dropout, uint64_t seed);
void detach_lora(Module& model);

// True if `target` is the module's full name or the end of it after a dot.
bool names_module(const std::string& target, const std::string& module);

// PEFT's names for a causal LM are "base_model.model.<module>.lora_A.weight" and "....lora_B.weight".
inline constexpr const char* kPeftPrefix = "base_model.model.";

// The adapters' matrices with PEFT's names.
NamedTensors lora_parameters(const Module& model);

// Adds scaling B A to the frozen weights. Detach the adapter afterwards, or it would count twice.
void merge_lora(Module& model);

// Calls visit(full name, linear) for every Linear of the model.
void for_each_linear(Module& model, const std::function<void(const std::string&, Linear&)>& visit);

}  // namespace nn
