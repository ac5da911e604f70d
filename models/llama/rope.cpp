#include "models/llama/rope.h"

#include <numbers>

namespace models {

std::vector<double> linear_divisors(const LlamaConfig& config, double factor) {
  return std::vector<double>(static_cast<size_t>(config.head_size() / 2), factor);
}

std::vector<double> llama3_divisors(const LlamaConfig& config, const Llama3Scaling& scaling) {
  LlamaConfig plain = config;
  plain.rope_divisors.clear();
  std::vector<double> divisors;
  for (const double frequency : inverse_frequencies(plain)) {
    const double waves = scaling.context * frequency / (2 * std::numbers::pi);  // in the original context
    if (waves < scaling.low_frequency) {
      divisors.push_back(scaling.factor);
    } else if (waves > scaling.high_frequency) {
      divisors.push_back(1);
    } else {
      const double share = (waves - scaling.low_frequency) / (scaling.high_frequency - scaling.low_frequency);
      divisors.push_back(1 / ((1 - share) / scaling.factor + share));
    }
  }
  return divisors;
}

}  // namespace models
