// Compares the LoRA gradients of one batch on a real language model with PyTorch and PEFT:
// SmolLM2-135M-Instruct, if the environment variable P2REC_SMOLLM2 names its file.
// fixtures/make_smollm2_lora.py has written the expected numbers.
#include <cmath>
#include <map>
#include <sstream>

#include "models/formats/language_model.h"
#include "nn/lora.h"
#include "p2rec/methods/p2rec/reconstruction.h"
#include "tests/models/llama/model_runs.h"

using ag::Tensor;
namespace tolerance = testing::tolerance;

namespace {

// One 32-bit number for each element of a tensor, as in the script's function of this name.
std::vector<uint32_t> hashes(const std::string& name, int64_t count) {
  uint32_t start = 2166136261u;
  for (const char c : name) start = (start ^ static_cast<unsigned char>(c)) * 16777619u;
  std::vector<uint32_t> result(static_cast<size_t>(count));
  for (uint32_t i = 0; i < result.size(); ++i) {
    uint32_t x = start + i * 0x9E3779B9u;
    x = (x ^ (x >> 16)) * 0x85EBCA6Bu;
    x = (x ^ (x >> 13)) * 0xC2B2AE35u;
    result[i] = x ^ (x >> 16);
  }
  return result;
}

// Sets a weight to the numbers that the script draws for its name.
void draw(Tensor w, const std::string& name) {
  const std::vector<uint32_t> numbers = hashes(name, w.numel());
  for (int64_t i = 0; i < w.numel(); ++i) {
    const double upper_half = numbers[static_cast<size_t>(i)] >> 16;
    w.data()[i] = static_cast<ag::real>((2 * upper_half - 65535) / 65536 / 32);
  }
}

void check_drawn(const nn::TensorFile& file, const std::string& name, const Tensor& w) {
  std::istringstream expected(file.metadata.at("drawn." + name));
  int64_t count = 0;
  for (double number; expected >> number; ++count) CHECK(w.data()[count] == number);
  CHECK(count == 3);
}

// The summary of a matrix in the fixture. R is the smaller of its numbers of rows and columns.
struct Digest {
  Tensor sums /*(1,R+1)*/, sample /*(1,9)*/;
};

Digest digest(const Tensor& gradient /*(rows,columns)*/) {
  constexpr int64_t kSamples = 8;
  const int64_t columns = gradient.dim(1), size = gradient.numel();
  const int64_t shorter = std::min(gradient.dim(0), columns), longer = size / shorter;
  const bool tall = gradient.dim(0) > columns;
  const std::vector<uint32_t> signs = hashes("signs", longer);
  Digest result{Tensor::zeros({1, shorter + 1}), Tensor::zeros({1, kSamples + 1})};
  double squares = 0, largest = 0;
  for (int64_t r = 0; r < shorter; ++r) {
    double sum = 0;
    for (int64_t i = 0; i < longer; ++i) {
      const double value = gradient.data()[tall ? i * columns + r : r * columns + i];
      sum += signs[static_cast<size_t>(i)] >> 31 ? -value : value;
      squares += value * value;
      largest = std::max(largest, std::abs(value));
    }
    result.sums.data()[r] = static_cast<ag::real>(sum);
  }
  result.sums.data()[shorter] = static_cast<ag::real>(std::sqrt(squares));
  const int64_t stride = size / kSamples;
  for (int64_t i = 0; i < kSamples; ++i) result.sample.data()[i] = gradient.data()[stride - 1 + i * stride];
  result.sample.data()[kSamples] = static_cast<ag::real>(largest);
  return result;
}

// "base_model.model.model.layers.7.self_attn.q_proj.lora_A.weight" is row 7 of
// "grad.self_attn.q_proj.lora_A".
std::pair<std::string, int64_t> kind_and_layer(const std::string& name) {
  const std::string before = "base_model.model.model.layers.", after = ".weight";
  REQUIRE(name.starts_with(before));
  REQUIRE(name.ends_with(after));
  const std::string rest = name.substr(before.size(), name.size() - before.size() - after.size());
  const size_t dot = rest.find('.');
  return {"grad." + rest.substr(dot + 1), std::stoll(rest.substr(0, dot))};
}

}  // namespace

TEST_CASE("SmolLM2: the LoRA gradients of one batch equal PyTorch's and PEFT's") {
  if (testing::smollm2().empty()) return testing::skip(testing::kNoSmollm2);
  const nn::TensorFile file = testing::fixture("smollm2_lora.safetensors");
  const testing::Parity parity("SmolLM2-135M-Instruct with LoRA and a head", file);
  const models::LanguageModel llm = models::load_language_model(testing::smollm2());
  nn::LoraConfig lora;
  lora.rank = 8;
  lora.alpha = 16;
  nn::attach_lora(*llm.model, lora);
  const int64_t K = file.at("input.preferences").dim(1);
  p2rec::PreferenceModel preference{{*llm.model},
                                    Tensor::zeros({K, llm.model->config().hidden}).set_requires_grad(),
                                    Tensor::zeros({K}).set_requires_grad()};
  const nn::NamedTensors adapters = nn::lora_parameters(*llm.model);
  for (const auto& [name, w] : adapters) {
    draw(w, name);
    if (file.metadata.contains("drawn." + name)) check_drawn(file, name, w);
  }
  draw(preference.head_weight, "head.weight");
  draw(preference.head_bias, "head.bias");

  const nn::Packed x = testing::packed_input(file);
  std::vector<std::vector<int32_t>> prompts;
  for (int64_t b = 0; b < x.offsets.sequences(); ++b)
    prompts.emplace_back(x.ids.ints() + x.offsets.at(b), x.ids.ints() + x.offsets.at(b + 1));
  const Tensor predictions = ag::linear(p2rec::prompt_states(preference.reader, nn::pack(prompts)),
                                        preference.head_weight, preference.head_bias);
  const Tensor loss = ag::mse(predictions, file.at("input.preferences"));
  ag::backward(loss);
  parity.check("predictions", predictions, file.at("output.predictions"), tolerance::kModelForward);
  parity.check("loss", loss.view({1}), file.at("loss"), tolerance::kModelForward);

  std::map<std::string, int64_t> compared;  // rows of each of the file's gradients
  const auto check = [&](const std::string& name, const std::string& key, int64_t row, const Tensor& found) {
    parity.check("gradients", found, file.at(key).rows(row, row + 1), tolerance::kModelGradient,
                 name + " " + key);
    ++compared[key];
  };
  const auto check_matrix = [&](const std::string& name, const std::string& key, int64_t row,
                                const Tensor& w) {
    REQUIRE_MESSAGE(w.grad().defined(), name);
    const Digest found = digest(w.grad());
    check(name, key + ".sums", row, found.sums);
    check(name, key + ".sample", row, found.sample);
  };
  for (const auto& [name, w] : adapters) {
    const auto [kind, layer] = kind_and_layer(name);
    check_matrix(name, kind, layer, w);
  }
  check_matrix("head.weight", "grad.head.weight", 0, preference.head_weight);
  parity.check("gradients", preference.head_bias.grad(), file.at("grad.head.bias"), tolerance::kModelGradient,
               "grad.head.bias");
  compared["grad.head.bias"] = K;
  for (const auto& gradient : testing::below(file, "grad."))
    CHECK_MESSAGE(compared["grad." + gradient.first] == gradient.second.dim(0), gradient.first);
  for (const auto& p : llm.model->named_parameters()) {
    const bool is_adapter = p.first.ends_with(".lora_A.weight") || p.first.ends_with(".lora_B.weight");
    CHECK_MESSAGE(p.second.grad().defined() == is_adapter, p.first);
  }
}
