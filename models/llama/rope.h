// Rotary positions stretched to a longer context than a model was first trained for, as divisors of the inverse
// frequencies (D/2 numbers, LlamaConfig::rope_divisors). The definitions are those of transformers'
// modeling_rope_utils.py.
#pragma once

#include <vector>

#include "models/llama/llama.h"

namespace models {

// Linear: all positions are divided by the factor.
std::vector<double> linear_divisors(const LlamaConfig& config, double factor);

// Llama 3.1: a frequency whose wave is longer than context / low_frequency is divided by the factor, one whose wave is
// shorter than context / high_frequency is kept, and between them the inverse of the divisor changes linearly with the
// frequency.
struct Llama3Scaling {
  double factor = 8, low_frequency = 1, high_frequency = 4;
  double context = 8192;  // original_max_position_embeddings
};
std::vector<double> llama3_divisors(const LlamaConfig& config, const Llama3Scaling& scaling);

}  // namespace models
