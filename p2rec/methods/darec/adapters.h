// DARec's adapters: one of four architectures for each group of layers.
//
//   none         the layers stay as they are
//   lora4, lora8 LoRA of this rank on q_proj and v_proj, alpha = 2 rank (Hu et al. 2021)
//   bottleneck   a bottleneck of 16 after o_proj and after down_proj (Houlsby et al. 2019)
#pragma once

#include <string>

#include "models/llama/llama.h"
#include "p2rec/methods/darec/search.h"

namespace p2rec {

enum class Adapter : uint8_t { None, Lora4, Lora8, Bottleneck };
constexpr int64_t kAdapters = 4;
// One letter for each group, "n48b", and back.
std::string name_of(const Point& adapters);
Point adapters_named(const std::string& name);

// The group, from 0, of a layer. The groups have the same number of layers, or numbers that differ by one if
// `groups` does not divide `layers`.
int64_t group_of_layer(int64_t layer, int64_t layers, int64_t groups);

// Freezes the model and attaches the adapter adapters[g] to the layers of each group g. Replaces earlier
// ones. The new matrices are functions of the seed and their names.
void attach_adapters(models::Llama& llm, const Point& adapters, uint64_t seed);
void detach_adapters(models::Llama& llm);
// The matrices of all attached adapters, by name.
nn::NamedTensors adapter_parameters(const models::Llama& llm);

}  // namespace p2rec
