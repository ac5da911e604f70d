// Initial values of parameters, each a pure function of a key.
#pragma once

#include <cmath>
#include <string>

#include "autograd/rng.h"
#include "autograd/tensor.h"

namespace nn {

// A random stream for a parameter, from its name: adding or reordering parameters leaves the others' values
// alone.
inline ag::RandomKey key_for(const std::string& name, uint64_t seed) {
  uint32_t hash = 2166136261U;  // FNV-1a
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return {seed, 0xFFFFFFFFU, hash};  // no optimiser step has this number
}

inline void normal_(ag::Tensor x, double std, const ag::RandomKey& key) {
  for (int64_t i = 0; i < x.numel(); ++i) {
    x.data()[i] = static_cast<ag::real>(std * ag::random_normal(key, static_cast<uint64_t>(i)));
  }
}

inline void uniform_(ag::Tensor x, double bound, const ag::RandomKey& key) {
  for (int64_t i = 0; i < x.numel(); ++i) {
    x.data()[i] = static_cast<ag::real>(bound * (2 * ag::random_uniform(key, static_cast<uint64_t>(i)) - 1));
  }
}

// Uniform within sqrt(6 / (in + out)) for a weight (out, in) (Glorot and Bengio 2010).
inline void xavier_uniform_(ag::Tensor x, const ag::RandomKey& key) {
  uniform_(x, std::sqrt(6.0 / static_cast<double>(x.dim(0) + x.dim(1))), key);
}

}  // namespace nn
