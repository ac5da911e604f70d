// The number formats of GGUF tensors ("ggml types"), and the conversion of the supported ones to reals.
//
// A quantised format stores numbers in blocks of 32 (256 for formats named K): a scale d, sometimes a minimum
// m, both IEEE half, and a few bits q per number. Source: github.com/ggml-org/ggml, src/ggml-quants.c.
//
//   F32, F16, BF16   one number per block
//   Q8_0             d, 32 x int8 q                   x = d q
//   Q4_0             d, 16 bytes                      x = d (q - 8)    low halves: 0..15, high halves: 16..31
//   Q4_1             d, m, 16 bytes                   x = d q + m      likewise
//   Q5_0             d, 32 fifth bits, 16 bytes       x = d (q - 16)   likewise
//   Q5_1             d, m, 32 fifth bits, 16 bytes    x = d q + m      likewise
//   Q4_K             d, m, 8 x (s, t), 128 bytes      x = d s q - m t  s and t: 6 bits, for 32 numbers each
//   Q5_K             as Q4_K, with 256 fifth bits     x = d s q - m t
//   Q6_K             low bits, high bits, 16 x s, d   x = d s (q - 32) s: int8, for 16 numbers each
#pragma once

#include <cstdint>
#include <string>

#include "autograd/tensor.h"

namespace models {

struct GgmlType {
  uint32_t id = 0;
  const char* name = "";
  uint32_t block_values = 0;  // numbers in a block; 0: ggml has removed the format, its size is unknown
  uint32_t block_bytes = 0;
  // blocks (count * block_bytes) -> x (count * block_values). Null if p2rec cannot read the format.
  void (*dequantise)(const uint8_t* blocks, int64_t count, ag::real* x) = nullptr;
};

// Null for an unknown id.
const GgmlType* find_ggml_type(uint32_t id);

// The types that can be read, for messages: "F32, F16, ...".
std::string supported_ggml_types();

// Dequantises `count` blocks, on several threads if there are many. Computes in float, also in the f64 build.
void dequantise(const GgmlType& type, const uint8_t* blocks, int64_t count, ag::real* x);

}  // namespace models
