// Instance-level fine-tuning: which prompts there are, and the loss.
#include "p2rec/llm/instances.h"

#include <cmath>

#include "autograd/ops.h"
#include "models/tokenizers/byte_tokenizer.h"
#include "p2rec/data/synthetic.h"
#include "tests/models/llama/small_shapes.h"
#include "tests/testing.h"

using namespace p2rec;
using ag::Tensor;
namespace tolerance = testing::tolerance;

namespace {

struct Small {
  Interactions data = make_synthetic({.users = 40, .items = 16, .groups = 2, .mean_length = 6});
  models::ByteTokenizer tokenizer;
  Prompts prompts{data, tokenizer, {ItemsAs::Tokens, 4}, tokenizer.vocabulary()};
  models::Llama llm{testing::byte_config(1)};
  Tensor items;

  Small() {
    models::initialise(llm, 0.3, 1);
    items = initial_item_tokens(llm, data.items(), 1).set_requires_grad();
  }
};

// -log softmax of the states' products with the item tokens, by plain ops.
Tensor composed(const Small& s, const nn::Packed& prompts, const std::vector<int32_t>& items) {
  const Tensor logits = ag::matmul(prompt_states({s.llm, s.items}, prompts), s.items, false, true);
  Tensor chosen = Tensor::zeros(logits.shape());
  for (size_t b = 0; b < items.size(); ++b)
    chosen.data()[static_cast<int64_t>(b) * s.data.items() + items[b]] = 1;
  return ag::scale(ag::sum(ag::mul(chosen, ag::log(ag::softmax(logits)))), -1.0 / double(items.size()));
}

}  // namespace

TEST_CASE("instances: each training interaction but a user's first") {
  const Small s;
  const std::vector<Instance> instances = training_instances(s.data);
  size_t i = 0;
  for (int64_t user = 0; user < s.data.users(); ++user) {
    for (int64_t place = 1; place < std::ssize(training_part(s.data, user)); ++place, ++i) {
      REQUIRE(i < instances.size());
      CHECK(instances[i].user == user);
      CHECK(instances[i].place == place);
    }
  }
  CHECK(i == instances.size());
}

TEST_CASE("instance-level: a prompt holds the items before its item, and held-out users are not trained on") {
  const Small s;
  const std::vector<Instance> instances = training_instances(s.data);
  const Finetuning tuning = instance_level({s.llm, s.items}, s.prompts, s.data, 1e-3);
  CHECK(tuning.examples.size() + tuning.heldout.size() == instances.size());
  CHECK(!tuning.heldout.empty());
  const auto user_of = [&](int64_t i) {
    return s.data.user_ids[static_cast<size_t>(instances[static_cast<size_t>(i)].user)];
  };
  for (const int64_t i : tuning.heldout) CHECK(held_out(user_of(i)));
  for (const int64_t i : tuning.examples) CHECK(!held_out(user_of(i)));

  std::vector<std::vector<int32_t>> texts;
  std::vector<int32_t> items;
  for (size_t e = 0; e < 6; ++e) {
    const auto [user, place] = instances[static_cast<size_t>(tuning.examples[e])];
    const Sequence all = training_part(s.data, user);
    texts.push_back(s.prompts.of(all.first(static_cast<size_t>(place))));
    items.push_back(all[static_cast<size_t>(place)]);
    CHECK(tuning.lengths[e] == std::ssize(texts.back()));
  }
  const std::span<const int64_t> batch = std::span(tuning.examples).first(6);
  const Tensor expected = composed(s, nn::pack(texts), items);
  testing::check_close(tuning.loss(batch, {}, {}).mean, expected, tolerance::kFused, "loss of a batch");

  double in_parts = 0;
  for (int64_t index = 0; index < 4; ++index) {  // of 1, 2, 1 and 2 instances
    const PartLoss part = tuning.loss(batch, {index, 4}, {});
    in_parts += part.mean.item() * double(part.terms) / double(part.of);
  }
  CHECK(in_parts == doctest::Approx(expected.item()).epsilon(1e-5));
}

TEST_CASE("next_item_loss: gradients equal those of the composed form, and in f64 finite differences") {
  Small s;
  s.llm.requires_grad(true);
  const nn::Packed prompts =
      nn::pack({s.prompts.of(std::vector<int32_t>{3, 5}), s.prompts.of(std::vector<int32_t>{5, 0, 2})});
  const std::vector<int32_t> items = {5, 1};
  const auto loss = [&] { return next_item_loss({s.llm, s.items}, prompts, Tensor::from_ints(items)); };
  std::vector<std::pair<std::string, Tensor>> inputs = s.llm.named_parameters();
  inputs.emplace_back("item_tokens", s.items);
  ag::backward(composed(s, prompts, items));
  std::vector<Tensor> expected;
  for (auto& [name, x] : inputs) expected.push_back(x.grad().clone()), x.zero_grad();
  ag::backward(loss());
  for (size_t i = 0; i < inputs.size(); ++i)
    testing::check_close(inputs[i].second.grad(), expected[i], tolerance::kModelGradient, inputs[i].first);
  if (!tolerance::kF64) return;

  const ag::NoGrad no_grad;
  constexpr double kStep = 1e-5;
  for (const auto& [name, x] : inputs) {
    Tensor found = Tensor::zeros(x.shape()), exact = x.grad().clone();
    for (int64_t i = 0; i < x.numel(); i += 7) {  // every seventh number is enough
      ag::real& w = x.data()[i];
      const ag::real middle = w;
      w = static_cast<ag::real>(middle + kStep);
      const double above = loss().item();
      w = static_cast<ag::real>(middle - kStep);
      const double below = loss().item();
      w = middle;
      found.data()[i] = static_cast<ag::real>((above - below) / (2 * kStep));
    }
    for (int64_t i = 0; i < x.numel(); ++i) {
      if (i % 7 != 0) exact.data()[i] = 0;
    }
    testing::check_close(found, exact, {1e-6, 1e-6}, name);
  }
}

TEST_CASE("next_item_loss needs item tokens") {
  const Small s;
  CHECK_THROWS_WITH_AS(next_item_loss({s.llm}, nn::pack({{1, 2}}), Tensor::from_ints({0})),
                       doctest::Contains("no item tokens"), ag::Error);
}
