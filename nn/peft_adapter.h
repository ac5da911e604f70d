// PEFT's adapter folder: adapter_config.json and adapter_model.safetensors, as PEFT writes and reads them (PEFT 0.21).
#pragma once

#include <string>

#include "nn/lora.h"

namespace nn {

void write_adapter(const Path& folder, const Module& model, const LoraConfig& config, const std::string& base_model,
                   const Metadata& metadata = {});
// Attaches what the folder holds: an adapter of ours or one that PEFT trained on the same model as a causal LM, or as the
// model without its output layer (task types CAUSAL_LM, FEATURE_EXTRACTION and none). target_modules is a list, a regular
// expression or "all-linear"; rank_pattern, alpha_pattern and use_rslora are taken into account; the matrices may be of any
// type of reals. What PEFT knows and this library does not (DoRA, biases, modules_to_save, initial values that change the
// base weights, other task types, pickled weights) is refused by name with ag::InputError. In the result, targets are the
// full names of the layers if the file gives them as an expression.
LoraConfig read_adapter(const Path& folder, Module& model);

}  // namespace nn
