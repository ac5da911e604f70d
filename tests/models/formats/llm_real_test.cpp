// SmolLM2-135M-Instruct (GGUF, Q4_1 with Q8_0 embeddings), if P2REC_SMOLLM2 names its file.
#include <bit>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "models/formats/gguf.h"
#include "models/formats/gguf_model.h"
#include "models/tokenizers/tokenizer.h"
#include "nn/io/files.h"
#include "tests/paths.h"
#include "tests/testing.h"

namespace {

using Json = nlohmann::json;

Json expectations() { return Json::parse(nn::read_file(fixtures() + "/smollm2_tokens.json", "fixture")); }

}  // namespace

TEST_CASE("SmolLM2's tokens are those of the Python package tokenizers") {
  if (testing::smollm2().empty()) return testing::skip(testing::kNoSmollm2);
  const auto tokenizer = models::tokenizer_from_gguf(models::GgufFile(testing::smollm2()));
  CHECK(tokenizer->vocabulary() == 49152);
  CHECK(tokenizer->special().ends == std::vector<int32_t>{2});
  const Json cases = expectations().at("cases");
  REQUIRE(cases.size() > 50);
  for (const Json& one : cases) {
    const std::string text = one.at("text");
    const std::vector<int32_t> expected = one.at("ids");
    CAPTURE(text);
    CHECK(tokenizer->encode(text) == expected);
    // SmolLM2 has no tokens for some control characters and for the bytes that begin planes 4 to 15.
    const bool has_all_bytes = !one.contains("lossy");
    CHECK((tokenizer->decode(expected) == text) == has_all_bytes);
  }
}

TEST_CASE("every tensor of SmolLM2 is dequantised as in the Python package gguf") {
  if (testing::smollm2().empty()) return testing::skip(testing::kNoSmollm2);
  const models::GgufFile file(testing::smollm2());
  const Json sums = expectations().at("sums");
  REQUIRE(file.tensors().size() == sums.size());
  // Python sums in another order; the terms are the same numbers in both builds.
  constexpr double kTolerance = 1e-12;
  for (const auto& info : file.tensors()) {
    CAPTURE(info.name);
    const ag::Tensor x = file.load(info.name);
    double sum = 0, magnitude = 0, weight = 1;  // weights 1 .. 251, again and again
    for (int64_t i = 0; i < x.numel(); ++i) {
      const double value = weight * x.data()[i];
      sum += value;
      magnitude += std::abs(value);
      weight = weight == 251 ? 1 : weight + 1;
    }
    const double expected = sums.at(info.name).at(0), expected_magnitude = sums.at(info.name).at(1);
    CHECK(std::abs(sum - expected) <= kTolerance * magnitude);
    CHECK(std::abs(magnitude - expected_magnitude) <= kTolerance * magnitude);
  }
}

TEST_CASE("rows of a tensor of each type in SmolLM2, bit by bit") {
  if (testing::smollm2().empty()) return testing::skip(testing::kNoSmollm2);
  const models::GgufFile file(testing::smollm2());
  const nn::TensorFile expected = testing::fixture("smollm2_rows.safetensors");
  const Json rows = Json::parse(expected.metadata.at("rows"));
  REQUIRE(expected.tensors.size() == 4);
  for (const auto& [name, reference] : expected.tensors) {
    const auto& shown = name;
    CAPTURE(shown);
    const ag::Tensor x = file.load(name);
    const std::vector<int64_t> which =
        rows.contains(name) ? rows.at(name).get<std::vector<int64_t>>() : std::vector<int64_t>{0};
    const int64_t C = x.dim(-1);
    REQUIRE(reference.numel() == static_cast<int64_t>(which.size()) * C);
    int64_t different = 0;
    for (size_t r = 0; r < which.size(); ++r) {
      for (int64_t c = 0; c < C; ++c) {
        const float found = static_cast<float>(x.data()[which[r] * C + c]);
        const float wanted = static_cast<float>(reference.data()[static_cast<int64_t>(r) * C + c]);
        different += std::bit_cast<uint32_t>(found) != std::bit_cast<uint32_t>(wanted);
      }
    }
    CHECK(different == 0);
  }
}
