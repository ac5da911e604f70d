#include "models/gguf_types.h"

#include <algorithm>
#include <cstring>

#include "autograd/parallel.h"
#include "nn/safetensors.h"  // half_to_float, bfloat16_to_float

namespace models {
namespace {

using ag::real;

template <class T>
T read(const uint8_t* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);  // blocks are not aligned
  return value;
}
float read_half(const uint8_t* bytes) { return nn::half_to_float(read<uint16_t>(bytes)); }

constexpr int kBlock = 32;  // numbers in a block of Q8_0, Q4_0 and Q4_1

void f32(const uint8_t* blocks, int64_t count, real* x) {
  for (int64_t i = 0; i < count; ++i) x[i] = read<float>(blocks + 4 * i);
}

void f16(const uint8_t* blocks, int64_t count, real* x) {
  for (int64_t i = 0; i < count; ++i) x[i] = read_half(blocks + 2 * i);
}

void bf16(const uint8_t* blocks, int64_t count, real* x) {
  for (int64_t i = 0; i < count; ++i) x[i] = nn::bfloat16_to_float(read<uint16_t>(blocks + 2 * i));
}

void q8_0(const uint8_t* blocks, int64_t count, real* x) {
  for (; count > 0; --count, blocks += 34, x += kBlock) {
    const float d = read_half(blocks);
    const uint8_t* q = blocks + 2;
    for (int i = 0; i < kBlock; ++i) x[i] = static_cast<float>(static_cast<int8_t>(q[i])) * d;
  }
}

void q4_0(const uint8_t* blocks, int64_t count, real* x) {
  for (; count > 0; --count, blocks += 18, x += kBlock) {
    const float d = read_half(blocks);
    const uint8_t* q = blocks + 2;
    for (int i = 0; i < kBlock / 2; ++i) {
      x[i] = d * static_cast<float>((q[i] & 15) - 8);
      x[i + kBlock / 2] = d * static_cast<float>((q[i] >> 4) - 8);
    }
  }
}

// d q has 15 bits at most and is exact, so the compiler's fused multiply-add rounds like the two separate
// steps.
void q4_1(const uint8_t* blocks, int64_t count, real* x) {
  for (; count > 0; --count, blocks += 20, x += kBlock) {
    const float d = read_half(blocks), m = read_half(blocks + 2);
    const uint8_t* q = blocks + 4;
    for (int i = 0; i < kBlock / 2; ++i) {
      x[i] = d * static_cast<float>(q[i] & 15) + m;
      x[i + kBlock / 2] = d * static_cast<float>(q[i] >> 4) + m;
    }
  }
}

// The sizes of the unsupported ones are known too: a file that holds one can be opened, and its other tensors
// read.
constexpr GgmlType kTypes[] = {
    {0, "F32", 1, 4, f32},
    {1, "F16", 1, 2, f16},
    {2, "Q4_0", 32, 18, q4_0},
    {3, "Q4_1", 32, 20, q4_1},
    {4, "Q4_2 (removed from ggml)"},
    {5, "Q4_3 (removed from ggml)"},
    {6, "Q5_0", 32, 22},
    {7, "Q5_1", 32, 24},
    {8, "Q8_0", 32, 34, q8_0},
    {9, "Q8_1", 32, 40},
    {10, "Q2_K", 256, 84},
    {11, "Q3_K", 256, 110},
    {12, "Q4_K", 256, 144},
    {13, "Q5_K", 256, 176},
    {14, "Q6_K", 256, 210},
    {15, "Q8_K", 256, 292},
    {16, "IQ2_XXS", 256, 66},
    {17, "IQ2_XS", 256, 74},
    {18, "IQ3_XXS", 256, 98},
    {19, "IQ1_S", 256, 50},
    {20, "IQ4_NL", 32, 18},
    {21, "IQ3_S", 256, 110},
    {22, "IQ2_S", 256, 82},
    {23, "IQ4_XS", 256, 136},
    {24, "I8", 1, 1},
    {25, "I16", 1, 2},
    {26, "I32", 1, 4},
    {27, "I64", 1, 8},
    {28, "F64", 1, 8},
    {29, "IQ1_M", 256, 56},
    {30, "BF16", 1, 2, bf16},
    {31, "Q4_0_4_4 (removed from ggml)"},
    {32, "Q4_0_4_8 (removed from ggml)"},
    {33, "Q4_0_8_8 (removed from ggml)"},
    {34, "TQ1_0", 256, 54},
    {35, "TQ2_0", 256, 66},
    {36, "IQ4_NL_4_4 (removed from ggml)"},
    {37, "IQ4_NL_4_8 (removed from ggml)"},
    {38, "IQ4_NL_8_8 (removed from ggml)"},
    {39, "MXFP4", 32, 17},
    {40, "NVFP4", 64, 36},
    {41, "Q1_0", 128, 18},
};

}  // namespace

const GgmlType* find_ggml_type(uint32_t id) {
  for (const GgmlType& type : kTypes) {
    if (type.id == id) return &type;
  }
  return nullptr;
}

std::string supported_ggml_types() {
  std::string names;
  for (const GgmlType& type : kTypes) {
    if (type.dequantise) names += (names.empty() ? "" : ", ") + std::string(type.name);
  }
  return names;
}

void dequantise(const GgmlType& type, const uint8_t* blocks, int64_t count, real* x) {
  // Large slices, so that only a large table is shared out: for the many small tensors of a model, waiting for each
  // other at every one costs the threads more than it gains, above all where other programs keep the cores busy.
  const int64_t slice = (int64_t{1} << 21) / type.block_values;
  ag::parallel_for((count + slice - 1) / slice, slice * type.block_bytes, [&](int64_t i) {
    const int64_t first = i * slice, some = std::min(slice, count - first);
    type.dequantise(blocks + first * type.block_bytes, some, x + first * type.block_values);
  });
}

}  // namespace models
