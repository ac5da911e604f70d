// Compares a real language model with transformers: SmolLM2-135M-Instruct, if the environment variable
// P2REC_SMOLLM2 names its file. fixtures/make_smollm2.py has written the expected numbers.
#include <cmath>
#include <cstdlib>

#include "models/formats/language_model.h"
#include "models/llama/generation.h"
#include "tests/parity.h"

using ag::Tensor;

namespace {

constexpr double kOfRange = 2e-4;  // both sides compute 30 layers in f32, in different orders

struct Comparison {
  double largest = 0, range = 0;
  void add(double found, double expected) {
    const double error = std::abs(found - expected);
    largest = std::isnan(error) ? INFINITY : std::max(largest, error);
  }
};

// Compares the logits of all positions for the ids 0, 96, 192, ..., and
// the largest ones at the last position.
Comparison compare_logits(const Tensor& logits /*(T,V)*/, const nn::TensorFile& file,
                          const std::string& prompt) {
  const int64_t T = logits.dim(0), V = logits.dim(1);
  const Tensor sample = file.at(prompt + ".sample"), range = file.at(prompt + ".range");
  const Tensor top_ids = file.at(prompt + ".top_ids"), top = file.at(prompt + ".top_logits");
  REQUIRE(sample.dim(0) == T);
  const int64_t stride = V / sample.dim(1);
  double low = INFINITY, high = -INFINITY;
  Comparison result;
  for (int64_t t = 0; t < T; ++t) {
    low = std::min<double>(low, range.data()[2 * t]);
    high = std::max<double>(high, range.data()[2 * t + 1]);
    for (int64_t i = 0; i < sample.dim(1); ++i) {
      result.add(logits.data()[t * V + i * stride], sample.data()[t * sample.dim(1) + i]);
    }
  }
  for (int64_t i = 0; i < top.numel(); ++i)
    result.add(logits.data()[(T - 1) * V + top_ids.ints()[i]], top.data()[i]);
  result.range = high - low;
  return result;
}

std::vector<int32_t> ints_of(const Tensor& x) { return {x.ints(), x.ints() + x.numel()}; }

}  // namespace

TEST_CASE("SmolLM2: token ids, logits and greedy text equal transformers'") {
  if (testing::smollm2().empty()) return testing::skip(testing::kNoSmollm2);
  const models::LanguageModel llm = models::load_language_model(testing::smollm2());
  const nn::TensorFile file = testing::fixture("smollm2_expected.safetensors");
  const testing::Parity parity("SmolLM2-135M-Instruct", file);
  const ag::NoGrad no_grad;
  for (const std::string prompt : {"0", "1", "2"}) {
    const std::vector<int32_t> ids = llm.tokenizer->encode(file.metadata.at(prompt + ".text"));
    CAPTURE(prompt);
    REQUIRE(ids == ints_of(file.at(prompt + ".ids")));

    const Tensor logits = llm.model->logits(llm.model->hidden_states(nn::pack({ids})));
    const Comparison c = compare_logits(logits, file, prompt);
    CHECK(c.range > 10);
    parity.check_error("logits", c.largest / c.range, kOfRange, "of the range");

    const std::vector<int32_t> expected = ints_of(file.at(prompt + ".greedy"));
    const auto found = models::generate(*llm.model, ids, {static_cast<int64_t>(expected.size())});
    CHECK(found == expected);
    CHECK(llm.tokenizer->decode(found) == file.metadata.at(prompt + ".continuation"));
  }
}
