// PEFT's adapter folder: adapter_config.json and adapter_model.safetensors, in the format of PEFT 0.21.
#pragma once

#include <string>

#include "nn/lora.h"

namespace nn {

void write_adapter(const Path& folder, const Module& model, const LoraConfig& config,
                   const std::string& base_model, const Metadata& metadata = {});
// Attaches the folder's adapter. p2rec wrote it, or PEFT trained it on the same model, as a causal LM or
// without the output layer (task types CAUSAL_LM, FEATURE_EXTRACTION and none).
//
// Supported are target_modules as a list, a regular expression or "all-linear"; exclude_modules and
// layers_to_transform (the file's tensors then show which modules have an adapter); rank_pattern,
// alpha_pattern and use_rslora; matrices of reals of any type. PEFT also saves copies of the token table and
// the output matrix; they must equal the model's.
//
// Throws ag::InputError, which names what is not supported: DoRA, biases, modules_to_save, initial values
// that change the base weights, other task types, pickled weights. The result's targets are full names if
// the file has a regular expression or excludes modules.
LoraConfig read_adapter(const Path& folder, Module& model);

}  // namespace nn
