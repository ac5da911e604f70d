// PEFT's adapter folder: adapter_config.json and adapter_model.safetensors, as PEFT 0.21 has them.
#pragma once

#include <string>

#include "nn/lora.h"

namespace nn {

void write_adapter(const Path& folder, const Module& model, const LoraConfig& config,
                   const std::string& base_model, const Metadata& metadata = {});
// Attaches what the folder holds: an adapter of ours or one that PEFT trained on the same model as a causal
// LM, or as the model without its output layer (task types CAUSAL_LM, FEATURE_EXTRACTION and none).
// target_modules is a list, a regular expression or "all-linear"; where exclude_modules or
// layers_to_transform leave some out, the file's tensors show which; rank_pattern, alpha_pattern and
// use_rslora count; the matrices are reals of any type. Copies of the token table and the output matrix,
// which PEFT saves beside them, must equal the model's. What PEFT knows and this library does not (DoRA,
// biases, modules_to_save, initial values that change the base weights, other task types, pickled weights)
// is refused by name with ag::InputError. Where the file has an expression or leaves some out, the result's
// targets are full names.
LoraConfig read_adapter(const Path& folder, Module& model);

}  // namespace nn
