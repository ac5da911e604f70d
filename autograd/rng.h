// Random numbers as a pure function of (seed, step, stream, element). There is no generator state.
//
// So forward is const, a dropout mask is the same for any thread count and again in backward, and a resumed
// run draws the same numbers as an uninterrupted one. The function is Philox4x32-10 (Salmon et al.,
// "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011).
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <numeric>
#include <string_view>
#include <utility>
#include <vector>

#include "autograd/host_device.h"

namespace ag {

// The number of a random stream: the FNV-1a hash of its name. Every place in the program that draws has its
// own name; tests/repository/random_streams_test.cpp checks this.
constexpr uint32_t stream(std::string_view name) {
  uint32_t hash = 2166136261U;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return hash;
}

// Selects random numbers: `step` is the optimiser step, `stream` the place in the program that draws.
struct RandomKey {
  uint64_t seed = 0;
  uint32_t step = 0;
  uint32_t stream = 0;
};

// Philox4x32-10: four random words from a counter and a key.
HOST_DEVICE inline std::array<uint32_t, 4> philox(std::array<uint32_t, 4> counter,
                                                  std::array<uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t product0 = uint64_t{0xD2511F53} * counter[0];
    const uint64_t product1 = uint64_t{0xCD9E8D57} * counter[2];
    counter = {static_cast<uint32_t>(product1 >> 32) ^ counter[1] ^ key[0], static_cast<uint32_t>(product1),
               static_cast<uint32_t>(product0 >> 32) ^ counter[3] ^ key[1], static_cast<uint32_t>(product0)};
    key[0] += 0x9E3779B9;
    key[1] += 0xBB67AE85;
  }
  return counter;
}

// Words 4 * block .. 4 * block + 3 of the stream.
HOST_DEVICE inline std::array<uint32_t, 4> random_block(const RandomKey& key, uint64_t block) {
  return philox({static_cast<uint32_t>(block), static_cast<uint32_t>(block >> 32), key.step, key.stream},
                {static_cast<uint32_t>(key.seed), static_cast<uint32_t>(key.seed >> 32)});
}

// Blocks block .. block + 7 at once: words[w][i] is word w of block + i, the same numbers as random_block.
// With local arrays and unrolled rounds the compiler uses vector registers.
inline void random_blocks8(const RandomKey& key, uint64_t block, uint32_t (&words)[4][8]) {
  uint32_t a[8], b[8], c[8], d[8];
  uint32_t key0 = static_cast<uint32_t>(key.seed), key1 = static_cast<uint32_t>(key.seed >> 32);
  for (uint32_t i = 0; i < 8; ++i) {
    a[i] = static_cast<uint32_t>(block + i);
    b[i] = static_cast<uint32_t>((block + i) >> 32);
    c[i] = key.step;
    d[i] = key.stream;
  }
#pragma GCC unroll 10
  for (int round = 0; round < 10; ++round) {
    uint32_t next_a[8], next_b[8], next_c[8], next_d[8];
    for (int i = 0; i < 8; ++i) {
      const uint64_t product0 = uint64_t{0xD2511F53} * a[i], product1 = uint64_t{0xCD9E8D57} * c[i];
      next_a[i] = static_cast<uint32_t>(product1 >> 32) ^ b[i] ^ key0;
      next_b[i] = static_cast<uint32_t>(product1);
      next_c[i] = static_cast<uint32_t>(product0 >> 32) ^ d[i] ^ key1;
      next_d[i] = static_cast<uint32_t>(product0);
    }
    for (int i = 0; i < 8; ++i) {
      a[i] = next_a[i];
      b[i] = next_b[i];
      c[i] = next_c[i];
      d[i] = next_d[i];
    }
    key0 += 0x9E3779B9;
    key1 += 0xBB67AE85;
  }
  for (int i = 0; i < 8; ++i) {
    words[0][i] = a[i];
    words[1][i] = b[i];
    words[2][i] = c[i];
    words[3][i] = d[i];
  }
}

inline uint32_t random_bits(const RandomKey& key, uint64_t element) {
  return random_block(key, element / 4)[element % 4];
}

// Uniform in [0, 1), with 32 random bits.
inline double random_uniform(const RandomKey& key, uint64_t element) {
  return random_bits(key, element) * 0x1p-32;
}

// Uniform in {0, ..., n-1}, by multiplication: the bias is at most n / 2^32.
inline uint32_t random_below(const RandomKey& key, uint64_t element, uint32_t n) {
  return static_cast<uint32_t>((uint64_t{random_bits(key, element)} * n) >> 32);
}

// Standard normal, by Box and Muller's formula from words 2 * element and 2 * element + 1.
inline double random_normal(const RandomKey& key, uint64_t element) {
  const double u1 = (random_bits(key, 2 * element) + 0.5) * 0x1p-32,
               u2 = random_uniform(key, 2 * element + 1);
  return std::sqrt(-2 * std::log(u1)) * std::cos(2 * std::numbers::pi * u2);
}

// An index drawn in proportion to the weights, from a uniform number in [0, 1). If all weights are zero,
// every index is equally likely.
inline size_t random_index(const std::vector<double>& weights, double uniform) {
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  if (total <= 0) return static_cast<size_t>(uniform * static_cast<double>(weights.size()));
  double left = uniform * total;
  size_t last = 0;
  for (size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] <= 0) continue;
    last = i;
    if (left < weights[i]) return i;
    left -= weights[i];
  }
  return last;  // rounding: the weights' sum was not reached
}

// A random order of 0 .. n-1 (Fisher and Yates).
inline std::vector<int32_t> random_permutation(const RandomKey& key, int32_t n) {
  std::vector<int32_t> order(static_cast<size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  for (int32_t i = n - 1; i > 0; --i) {
    const auto j = random_below(key, static_cast<uint64_t>(i), static_cast<uint32_t>(i) + 1);
    std::swap(order[static_cast<size_t>(i)], order[j]);
  }
  return order;
}

}  // namespace ag
