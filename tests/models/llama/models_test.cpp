// Compares the language model with PyTorch: outputs, loss, every gradient, and the losses of ten steps.
#include "models/llama/llama.h"
#include "nn/init.h"
#include "nn/lora.h"
#include "nn/peft_adapter.h"
#include "p2rec/methods/p2rec/reconstruction.h"
#include "tests/models/llama/model_runs.h"
#include "tests/models/llama/small_shapes.h"

using ag::Tensor;
using testing::below;
using testing::check_close;
using testing::check_training;
using testing::packed_input;
namespace tolerance = testing::tolerance;

namespace {

// Only the weights of the base model: adapters, head and item tokens have other names.
nn::NamedTensors base_weights(const nn::TensorFile& file) {
  nn::NamedTensors found;
  for (const auto& entry : below(file, "weight.")) {
    if (entry.first.starts_with("model.")) found.push_back(entry);
  }
  return found;
}

}  // namespace

TEST_CASE("a tiny Llama equals PyTorch") {
  const nn::TensorFile file = testing::fixture("llama_tiny.safetensors");
  models::Llama model(testing::tiny_config());
  model.load(base_weights(file), file.path);
  model.move_to(testing::device());
  const nn::Packed x = packed_input(file);
  const Tensor h = model.hidden_states(x);
  const testing::Parity parity("Llama, AdamW", file);
  parity.check("hidden states", h, file.at("output.hidden"), tolerance::kModelForward);
  parity.check("logits", model.logits(h), file.at("output.logits"), tolerance::kModelForward);
  nn::Adam adam(model.named_parameters(), {.lr = 1e-2, .weight_decay = 0.01});
  check_training(parity, file, "", model.named_parameters(), adam, 0, [&] {
    return ag::cross_entropy(model.logits(model.hidden_states(x)), file.at("input.targets"));
  });
}

TEST_CASE("a tiny Llama with LoRA and the preference head equals PyTorch and PEFT") {
  const nn::TensorFile file = testing::fixture("llama_lora.safetensors");
  for (const std::string section : {"", "tokens."}) {
    CAPTURE(section);
    const testing::Parity parity(section.empty() ? "Llama with LoRA, preference head, clipping"
                                                 : "Llama with LoRA, preference head, item tokens, clipping",
                                 file);
    models::Llama model(testing::tiny_config());
    model.load(base_weights(file), file.path);
    nn::LoraConfig lora;
    lora.rank = 4;
    lora.alpha = 8;
    model.move_to(testing::device());
    nn::attach_lora(model, lora);
    nn::NamedTensors trained = nn::lora_parameters(model);
    const auto zeros = [](const ag::Shape& shape) {
      return Tensor::full(shape, 0, testing::device()).set_requires_grad();
    };
    p2rec::PreferenceModel preference{{model}, zeros({5, 32}), zeros({5})};
    trained.emplace_back("head.weight", preference.head_weight);
    trained.emplace_back("head.bias", preference.head_bias);
    for (const auto& [name, w] : trained) Tensor(w).copy_from(file.at("weight." + name));
    if (!section.empty()) {
      preference.reader.item_tokens =
          file.at("tokens.weight.item_tokens.weight").to(testing::device()).clone().set_requires_grad();
      trained.emplace_back("item_tokens.weight", preference.reader.item_tokens);
    }
    const nn::Packed x = packed_input(file, section);
    std::vector<std::vector<int32_t>> prompts;
    for (int64_t b = 0; b < x.offsets.sequences(); ++b) {
      prompts.emplace_back(x.ids.ints() + x.offsets.at(b), x.ids.ints() + x.offsets.at(b + 1));
    }
    parity.check("hidden states", model.hidden_states(p2rec::embed_prompt(preference.reader, x.ids), x),
                 file.at(section + "output.hidden"), tolerance::kModelForward);
    const auto predictions = [&] {
      return ag::linear(p2rec::prompt_states(preference.reader, nn::pack(prompts)), preference.head_weight,
                        preference.head_bias);
    };
    parity.check("predictions", predictions(), file.at(section + "output.predictions"),
                 tolerance::kModelForward);
    nn::Adam adam(trained, {.lr = 1e-2, .weight_decay = 0});
    check_training(parity, file, section, trained, adam, 1.0, [&] {
      return ag::mse(predictions(), file.at(section + "input.preferences").to(testing::device()));
    });
    for (const auto& p : model.named_parameters()) {
      const bool is_adapter = p.first.ends_with(".lora_A.weight") || p.first.ends_with(".lora_B.weight");
      CHECK_MESSAGE(p.second.grad().defined() == is_adapter, p.first);
    }
  }
}

TEST_CASE("the last rows computed for themselves are those of all states, with the same dropout") {
  const nn::TensorFile file = testing::fixture("llama_lora.safetensors");
  models::Llama model(testing::tiny_config());
  model.load(base_weights(file), file.path);
  nn::attach_lora(model, {.rank = 4, .dropout = 0.5});
  for (const auto& [name, w] : nn::lora_parameters(model)) {
    Tensor matrix(w);
    nn::normal_(matrix, 0.1, nn::key_for(name, 1));
  }
  nn::Packed x = nn::pack({{5, 17, 3, 39}, {8}, {2, 11, 4}});
  for (const bool train : {false, true}) {
    x.dropout = {3, 1, train};
    const Tensor last = model.last_states(model.embed(x.ids), x);
    check_close(last, ag::embedding(model.hidden_states(x), x.offsets.last_rows()), tolerance::kFused,
                train ? "with dropout" : "without dropout");
  }
}

TEST_CASE("LoRA trains a model with BF16 weights like one with f32 weights") {
  const nn::TensorFile file = testing::fixture("llama_lora.safetensors");
  const nn::Packed x = packed_input(file);
  const auto train = [&](bool bf16) {
    models::Llama model(testing::tiny_config());
    model.load(base_weights(file), file.path);
    if (bf16) {
      model.requires_grad(false);
      nn::store_in_bf16(model);
    }
    nn::attach_lora(model, {.rank = 4});
    const Tensor states = model.hidden_states(x).detach();
    nn::Adam adam(nn::lora_parameters(model), {.lr = 1e-2});
    std::vector<double> losses;
    for (int step = 0; step < 10; ++step) {
      adam.zero_grad();
      const Tensor loss = ag::mse(model.last_states(model.embed(x.ids), x),
                                  Tensor::full({x.offsets.sequences(), 32}, ag::real(0.5)));
      losses.push_back(loss.item());
      ag::backward(loss);
      adam.step();
    }
    return std::pair(states, Tensor::from({10}, losses));
  };
  const auto [states, losses] = train(false);
  const auto [bf16_states, bf16_losses] = train(true);
  check_close(bf16_states, states, tolerance::kBf16Model, "states");
  check_close(bf16_losses, losses, tolerance::kBf16TenSteps, "losses");
  CHECK(losses.data()[9] < losses.data()[0]);
  CHECK(testing::share_of_tolerance(bf16_states, states, tolerance::kFused) > 1);
}

TEST_CASE("learning-rate schedules equal transformers'") {
  const nn::TensorFile file = testing::fixture("schedule.safetensors");
  const testing::Parity parity("learning-rate schedules", file);
  Tensor factors = Tensor::zeros({10});
  for (int64_t step = 0; step < 10; ++step)
    factors.data()[step] = static_cast<ag::real>(nn::cosine_factor(step, 3, 10));
  parity.check("cosine", factors, file.at("cosine"), tolerance::kOpForward);
}

TEST_CASE("a merged adapter gives the attached one's states, and is read back from its folder") {
  const nn::TensorFile file = testing::fixture("llama_lora.safetensors");
  models::Llama model(testing::tiny_config());
  model.load(base_weights(file), file.path);
  const nn::Packed x = packed_input(file);
  const Tensor plain = model.hidden_states(x).detach();
  nn::LoraConfig lora;
  lora.rank = 4;
  lora.alpha = 8;
  nn::attach_lora(model, lora);
  check_close(model.hidden_states(x), plain, tolerance::kFused, "a fresh adapter changes nothing");
  for (const auto& [name, w] : nn::lora_parameters(model)) Tensor(w).copy_from(file.at("weight." + name));
  const Tensor adapted = model.hidden_states(x).detach();
  CHECK(testing::share_of_tolerance(adapted, plain, tolerance::kFused) > 100);

  const testing::TemporaryFolder folder;
  nn::write_adapter(folder / "adapter", model, lora, "tiny");
  nn::merge_lora(model);
  nn::detach_lora(model);
  check_close(model.hidden_states(x), adapted, tolerance::kFused, "merged");

  models::Llama again(testing::tiny_config());
  again.load(base_weights(file), file.path);
  const nn::LoraConfig read = nn::read_adapter(folder / "adapter", again);
  CHECK(read.rank == 4);
  CHECK(read.alpha == 8);
  check_close(again.hidden_states(x), adapted, tolerance::kFused, "read again");
}

TEST_CASE("a shared prefix and a key-value cache give the states of the whole sequence") {
  const nn::TensorFile file = testing::fixture("llama_tiny.safetensors");
  models::Llama model(testing::tiny_config());
  model.load(base_weights(file), file.path);
  const std::vector<int32_t> beginning = {5, 17, 3}, a = {8, 60}, b = {41, 2, 2, 9};
  std::vector<std::vector<int32_t>> whole;
  for (const auto& rest : {a, b}) {
    whole.push_back(beginning);
    whole.back().insert(whole.back().end(), rest.begin(), rest.end());
  }
  const ag::NoGrad no_grad;
  const nn::Packed x = nn::pack(whole);
  const Tensor expected = ag::embedding(model.hidden_states(x), x.offsets.last_rows());

  const p2rec::ItemReader reader{model};
  const models::SharedPrefix prefix = model.shared_prefix(model.embed(Tensor::from_ints(beginning)));
  check_close(p2rec::prompt_states(reader, nn::pack({a, b}), &prefix), expected, tolerance::kFused,
              "after a shared prefix");

  // The second sequence joins while the first one is running.
  models::KvCache a_cache(model.config(), 5), b_cache(model.config(), 7);
  model.decode({beginning}, {&a_cache});
  model.decode({{a[0]}, {whole[1].begin(), whole[1].end() - 1}}, {&a_cache, &b_cache});
  const Tensor logits = model.decode({{b.back()}, {a[1]}}, {&b_cache, &a_cache}),
               all = model.logits(expected);
  check_close(logits.rows(0, 1), all.rows(1, 2), tolerance::kFused, "the second sequence after a cache");
  check_close(logits.rows(1, 2), all.rows(0, 1), tolerance::kFused, "the first sequence after a cache");
  CHECK_THROWS_AS(model.decode({{1}}, {&a_cache}), ag::Error);  // it is full
  CHECK_THROWS_AS(model.decode({{}}, {&a_cache}), ag::Error);
  CHECK_THROWS_AS(model.decode({{1}, {1}}, {&b_cache}), ag::Error);
}

TEST_CASE("strict loading lists what is missing, unexpected and mis-shaped") {
  models::Llama model(testing::tiny_config());
  nn::NamedTensors tensors = model.named_parameters();
  tensors.erase(tensors.begin());
  tensors.emplace_back("model.extra", Tensor::zeros({1}));
  tensors[0].second = Tensor::zeros({2, 2});
  try {
    model.load(tensors, "x.safetensors");
    FAIL("it loaded");
  } catch (const ag::InputError& problem) {
    const std::string text = problem.what();
    CHECK(text.find("x.safetensors") != std::string::npos);
    CHECK(text.find("missing: model.embed_tokens.weight") != std::string::npos);
    CHECK(text.find("unexpected: model.extra") != std::string::npos);
    CHECK(text.find("has shape (2, 2), expected (32, 32)") != std::string::npos);
  }
}
