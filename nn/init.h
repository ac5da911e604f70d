// Initial values of parameters, each a pure function of a key.
#pragma once

#include <cmath>
#include <string>

#include "autograd/parallel.h"
#include "autograd/rng.h"
#include "autograd/tensor.h"

namespace nn {

// The random key of a parameter, from its name: its values stay if other parameters are added or reordered.
inline ag::RandomKey key_for(const std::string& name, uint64_t seed) {
  return {seed, 0xFFFFFFFFU, ag::stream(name)};  // a number that no optimiser step has
}

// x[i] = value(i), on all threads: a million initial values take long on one thread.
template <class F>
void fill_(ag::Tensor x, const F& value) {
  ag::parallel_chunks(x.numel(), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      x.data()[i] = static_cast<ag::real>(value(static_cast<uint64_t>(i)));
  });
}

inline void normal_(ag::Tensor x, double std, const ag::RandomKey& key) {
  fill_(x, [&](uint64_t i) { return std * ag::random_normal(key, i); });
}

inline void uniform_(ag::Tensor x, double bound, const ag::RandomKey& key) {
  fill_(x, [&](uint64_t i) { return bound * (2 * ag::random_uniform(key, i) - 1); });
}

// Uniform in +-sqrt(6 / (in + out)) for a weight (out, in) (Glorot and Bengio 2010).
inline void xavier_uniform_(ag::Tensor x, const ag::RandomKey& key) {
  uniform_(x, std::sqrt(6.0 / static_cast<double>(x.dim(0) + x.dim(1))), key);
}

// Normal with variance 2 / (in + out) for a weight (out, in) (Glorot and Bengio 2010).
inline void xavier_normal_(ag::Tensor x, const ag::RandomKey& key) {
  normal_(x, std::sqrt(2.0 / static_cast<double>(x.dim(0) + x.dim(1))), key);
}

}  // namespace nn
