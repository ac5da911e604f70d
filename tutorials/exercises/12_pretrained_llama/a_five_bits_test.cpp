#include "12_pretrained_llama/a_five_bits.h"

#include "autograd/rng.h"
#include "models/formats/ggml_types.h"

namespace {

std::vector<uint8_t> block_of(float d, uint8_t fifth, uint8_t halves) {
  const uint16_t scale = nn::float_to_half(d);
  std::vector<uint8_t> block(22, halves);
  block[0] = static_cast<uint8_t>(scale), block[1] = static_cast<uint8_t>(scale >> 8);
  std::fill_n(block.begin() + 2, 4, fifth);
  return block;
}

enum class Mistake { NoMiddle, NoFifthBit, BitsFromTheTop, HalvesSwapped, HalvesAreNeighbours };

// The numbers of a block, decoded with a mistake.
std::vector<double> decoded(const std::vector<uint8_t>& block, Mistake mistake) {
  const bool neighbours = mistake == Mistake::HalvesAreNeighbours,
             swapped = mistake == Mistake::HalvesSwapped;
  const double d = nn::half_to_float(static_cast<uint16_t>(block[0] | block[1] << 8));
  std::vector<double> x;
  for (size_t i = 0; i < 32; ++i) {
    const uint8_t both = block[6 + (neighbours ? i / 2 : i % 16)];
    const bool first = (neighbours ? i % 2 == 0 : i < 16) != swapped;
    const size_t bit = mistake == Mistake::BitsFromTheTop ? 7 - i % 8 : i % 8;
    const int fifth = mistake == Mistake::NoFifthBit ? 0 : block[2 + i / 8] >> bit & 1;
    const int middle = mistake == Mistake::NoMiddle ? 0 : 16;
    x.push_back(d * ((first ? both & 15 : both >> 4) + 16 * fifth - middle));
  }
  return x;
}

// True if x is right.
bool judge(exercise::Grade& grade, const std::vector<uint8_t>& block) {
  const models::GgmlType& q5_0 = *models::find_ggml_type(6);
  const ag::Tensor library = ag::Tensor::empty({32});
  models::dequantise(q5_0, block.data(), 1, library.data());
  const auto got = exercise::n12a::decode_q5_0(block.data());
  if (grade.close("x", got, std::vector<double>(library.data(), library.data() + 32))) return true;
  const std::pair<Mistake, const char*> mistakes[] = {
      {Mistake::NoMiddle, "the middle 16 is not subtracted from the codes"},
      {Mistake::NoFifthBit, "the fifth bits are not added; each counts 16"},
      {Mistake::BitsFromTheTop, "the fifth bits are read from the top of each byte; bit 0 is the lowest"},
      {Mistake::HalvesSwapped, "the low half of a byte is that of number i, the high half that of i + 16"},
      {Mistake::HalvesAreNeighbours,
       "the two halves of a byte are neighbours here; in the file they are 16 numbers apart"}};
  for (const auto& [mistake, says] : mistakes) {
    const std::vector<double> wrong = decoded(block, mistake);
    bool same = got.size() == 32;
    for (size_t i = 0; same && i < 32; ++i) same = std::abs(got[i] - wrong[i]) < 1e-6;
    grade.check(!same, says);
  }
  return false;
}

}  // namespace

EXERCISE("12a", 3, "A block of five bits") {
  grade.part("no fifth bit", [&] { judge(grade, block_of(0.5F, 0, 0x21)); });
  grade.part("every fifth bit", [&] { judge(grade, block_of(-0.25F, 0xFF, 0xE0)); });
  grade.part("some fifth bits: 0, 3 and 6 of each byte", [&] { judge(grade, block_of(1, 0x49, 0x7A)); });
  grade.part("random bytes", [&] {
    for (uint32_t step = 0; step < 10; ++step) {
      std::vector<uint8_t> block = block_of(0.01F, 0, 0);
      for (size_t i = 2; i < 22; ++i)
        block[i] = static_cast<uint8_t>(ag::random_bits({1, step, ag::stream("exercise 12a")}, i));
      if (!judge(grade, block)) return;
    }
  });
}
