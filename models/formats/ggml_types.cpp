#include "models/formats/ggml_types.h"

#include <algorithm>
#include <cstring>

#include "autograd/parallel.h"
#include "nn/io/safetensors.h"  // half_to_float, bfloat16_to_float

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
float read_bfloat16(const uint8_t* bytes) { return nn::bfloat16_to_float(read<uint16_t>(bytes)); }

constexpr int kBlock = 32;        // numbers in a block of Q8_0, Q4_0, Q4_1, Q5_0 and Q5_1
constexpr int kSuperBlock = 256;  // numbers in a block of Q4_K, Q5_K and Q6_K

// F32, F16 and BF16: reads kBytes per number with kRead.
template <int kBytes, float (*kRead)(const uint8_t*)>
void plain(const uint8_t* blocks, int64_t count, real* x) {
  for (int64_t i = 0; i < count; ++i) x[i] = kRead(blocks + kBytes * i);
}

void q8_0(const uint8_t* blocks, int64_t count, real* x) {
  for (; count > 0; --count, blocks += 34, x += kBlock) {
    const float d = read_half(blocks);
    const uint8_t* q = blocks + 2;
    for (int i = 0; i < kBlock; ++i) x[i] = static_cast<float>(static_cast<int8_t>(q[i])) * d;
  }
}

// The fifth bit of number i, shifted to its place. It is bit i of `bits`.
int fifth_bit(uint32_t bits, int i) { return static_cast<int>(bits >> i & 1) << 4; }

// Q4_0, Q4_1, Q5_0 and Q5_1. In every format here the product of a scale and a code is exact in float: a half
// has 11 bits, a code of Q5_K 5 and its group's scale 6. So a fused multiply-add gives the same result as a
// product and a sum.
template <int kBits, bool kHasMin>
void small_blocks(const uint8_t* blocks, int64_t count, real* x) {
  constexpr int kFifth = kHasMin ? 4 : 2, kCodes = kBits == 5 ? kFifth + 4 : kFifth;  // byte offsets
  constexpr int kMiddle = kHasMin ? 0 : 1 << (kBits - 1);
  for (; count > 0; --count, blocks += kCodes + kBlock / 2, x += kBlock) {
    const float d = read_half(blocks),
                m = kHasMin ? read_half(blocks + 2) : -0.0F;  // adding -0 changes no number, not even -0
    const uint32_t fifth = kBits == 5 ? read<uint32_t>(blocks + kFifth) : 0;
    const uint8_t* q = blocks + kCodes;
    for (int i = 0; i < kBlock / 2; ++i) {
      const int low = (q[i] & 15) | fifth_bit(fifth, i),
                high = (q[i] >> 4) | fifth_bit(fifth, i + kBlock / 2);
      x[i] = d * static_cast<float>(low - kMiddle) + m;
      x[i + kBlock / 2] = d * static_cast<float>(high - kMiddle) + m;
    }
  }
}

// The scale and the minimum of group j of 8 in a super-block: 6 bits each, packed into 12 bytes. Those of
// groups 0..3 are the low bits of bytes 0..3 (scales) and 4..7 (minima). The high two bits of these bytes are
// the high bits of groups 4..7; their low four bits are the halves of bytes 8..11.
struct ScaleAndMin {
  float scale, min;
};
ScaleAndMin scale_and_min(const uint8_t* packed, int j) {
  int scale = packed[j] & 63, min = packed[j + 4] & 63;
  if (j >= 4) {
    scale = (packed[j + 4] & 15) | packed[j - 4] >> 6 << 4;
    min = packed[j + 4] >> 4 | packed[j] >> 6 << 4;
  }
  return {static_cast<float>(scale), static_cast<float>(min)};
}

// Groups 2g and 2g + 1 are the low and the high half-bytes of the same 32 bytes.
int half_byte(const uint8_t* q, int group, int i) {
  const uint8_t both = q[group / 2 * 32 + i];
  return group % 2 ? both >> 4 : both & 15;
}

// Q4_K and Q5_K. In Q5_K, bit j of byte i of `fifth` belongs to number i of group j.
template <int kBits>
void super_blocks(const uint8_t* blocks, int64_t count, real* x) {
  constexpr int kCodes = kBits == 5 ? 48 : 16;
  for (; count > 0; --count, blocks += kCodes + kSuperBlock / 2, x += kSuperBlock) {
    const float d = read_half(blocks), m = read_half(blocks + 2);
    const uint8_t *packed = blocks + 4, *fifth = blocks + 16, *q = blocks + kCodes;
    for (int j = 0; j < 8; ++j) {
      const auto [scale, min] = scale_and_min(packed, j);
      const float group_d = d * scale, group_m = m * min;
      for (int i = 0; i < 32; ++i) {
        const int code = half_byte(q, j, i) | (kBits == 5 ? fifth_bit(fifth[i], j) : 0);
        x[32 * j + i] = group_d * static_cast<float>(code) - group_m;
      }
    }
  }
}

// Each half of a super-block has 64 bytes of low and 32 bytes of high bits. Its number n is
// the low half-byte (the high one for n >= 64) of byte n % 64, and two bits of byte n % 32:
// the lowest pair for n < 32, and so on.
void q6_k(const uint8_t* blocks, int64_t count, real* x) {
  for (; count > 0; --count, blocks += 210, x += kSuperBlock) {
    const float d = read_half(blocks + 208);
    for (int half = 0; half < 2; ++half) {
      const uint8_t *low = blocks + 64 * half, *high = blocks + 128 + 32 * half,
                    *scales = blocks + 192 + 8 * half;
      for (int n = 0; n < kSuperBlock / 2; ++n) {
        const float scale = static_cast<int8_t>(scales[n / 16]);
        const int code = (low[n % 64] >> n / 64 * 4 & 15) | (high[n % 32] >> n / 32 * 2 & 3) << 4;
        x[kSuperBlock / 2 * half + n] = d * scale * static_cast<float>(code - 32);
      }
    }
  }
}

// The table has the sizes of unsupported types too, so that the other tensors of a file can be read.
constexpr GgmlType kTypes[] = {
    {0, "F32", 1, 4, plain<4, read<float>>},
    {1, "F16", 1, 2, plain<2, read_half>},
    {2, "Q4_0", 32, 18, small_blocks<4, false>},
    {3, "Q4_1", 32, 20, small_blocks<4, true>},
    {4, "Q4_2 (removed from ggml)"},
    {5, "Q4_3 (removed from ggml)"},
    {6, "Q5_0", 32, 22, small_blocks<5, false>},
    {7, "Q5_1", 32, 24, small_blocks<5, true>},
    {8, "Q8_0", 32, 34, q8_0},
    {9, "Q8_1", 32, 40},
    {10, "Q2_K", 256, 84},
    {11, "Q3_K", 256, 110},
    {12, "Q4_K", 256, 144, super_blocks<4>},
    {13, "Q5_K", 256, 176, super_blocks<5>},
    {14, "Q6_K", 256, 210, q6_k},
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
    {30, "BF16", 1, 2, plain<2, read_bfloat16>},
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
  // The slices are so large that only large tensors are split over threads: for small ones the barrier costs
  // more than it saves.
  const int64_t slice = (int64_t{1} << 21) / type.block_values;
  ag::parallel_for((count + slice - 1) / slice, slice * type.block_bytes, [&](int64_t i) {
    const int64_t first = i * slice, some = std::min(slice, count - first);
    type.dequantise(blocks + first * type.block_bytes, some, x + first * type.block_values);
  });
}

}  // namespace models
