// Offsite-tuning (Xiao, Lin and Han 2023, arXiv 2302.04870), as FederatedScope-LLM has it: the clients never
// get the whole model. The server keeps the first and last layers as the adapter, and of the layers between
// them drops a uniform share. What is left is the emulator, on which the clients train the adapter. The
// server then plugs the trained adapter into the whole model.
//
// Theirs trains the adapter's weights, or LoRA in them; ours is LoRA in the adapter's layers and the head.
// Theirs may distil the emulator from the whole model first; ours does not.
#pragma once

#include <memory>
#include <vector>

#include "models/llama/llama.h"
#include "nn/lora.h"

namespace p2rec {

struct OffsiteConfig {
  int64_t ends = 1;   // layers of the adapter at each end
  double drop = 0.5;  // share of the middle layers that the emulator lacks
};

// The layers of the whole model that the emulator has, ascending. Of the m layers in the middle it has
// k = m - round(m drop), the ones at i m / k for i = 0 .. k-1, rounded down. Throws ag::InputError if the
// ends leave no layer in the middle.
std::vector<int64_t> emulator_layers(int64_t layers, const OffsiteConfig& config);

// A model that has only these layers, with copies of their weights and of all others.
std::unique_ptr<models::Llama> emulator_of(const models::Llama& whole, const std::vector<int64_t>& layers);

// Attaches LoRA to the first and last `ends` layers.
void attach_lora_to_ends(models::Llama& llm, const nn::LoraConfig& config, int64_t ends);

// Copies tensors that were trained beside the emulator to those of the whole model, which are in the same
// order; only the numbers of the layers in their names differ.
void plug_in(const nn::NamedTensors& trained, const nn::NamedTensors& whole);

}  // namespace p2rec
