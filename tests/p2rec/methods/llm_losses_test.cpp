// The losses of methods with a language model against PyTorch: P2Rec's preference losses, LLMEmb's
// contrastive loss.
#include "autograd/ops.h"
#include "models/tokenizers/byte_tokenizer.h"
#include "nn/soft_cross_entropy.h"
#include "p2rec/llm/tiny_llm.h"
#include "p2rec/methods/llmemb/contrastive_loss.h"
#include "p2rec/methods/p2rec/preferences.h"
#include "p2rec/methods/p2rec/reconstruction.h"
#include "tests/p2rec/run/small_run.h"
#include "tests/parity.h"
#include "tests/testing.h"

using namespace p2rec;
using ag::Tensor;
namespace tolerance = testing::tolerance;

namespace {

Tensor leaf(const nn::TensorFile& file, const std::string& name, const ag::Shape& shape = {}) {
  const Tensor& saved = file.at(name);
  return saved.view(shape.empty() ? saved.shape() : shape).clone().set_requires_grad();
}

void check_contrastive(const nn::TensorFile& file, const std::string& name) {
  const testing::Parity parity("losses of methods", file);
  const Tensor x = leaf(file, name + ".x"), y = leaf(file, name + ".y"),
               tau = leaf(file, name + ".tau").view({}).clone().set_requires_grad();
  const Tensor loss = contrastive_loss(x, y, tau);
  parity.check("result", loss.view({1}), file.at(name + ".loss"), tolerance::kModelForward, name);
  ag::backward(loss);
  for (const auto& [input, gradient] :
       {std::pair{".dx", x.grad()}, {".dy", y.grad()}, {".dtau", tau.grad().view({1})}})
    parity.check("gradients", gradient, file.at(name + input), tolerance::kModelGradient, name + input);
}

}  // namespace

TEST_CASE("P2Rec's preference losses and their gradients equal PyTorch") {
  const nn::TensorFile file = testing::fixture("llm_losses.safetensors");
  const testing::Parity parity("losses of methods", file);
  using enum PreferenceLossKind;
  const std::pair<const char*, PreferenceLoss> losses[] = {
      {"mse.linear", {SquaredError, PreferenceHead::Linear}},
      {"mse.softmax", {SquaredError, PreferenceHead::Softmax}},
      {"kl.softmax", {Divergence, PreferenceHead::Softmax}},
      {"ce.softmax", {CrossEntropy, PreferenceHead::Softmax}}};
  for (const auto& [name, config] : losses) {
    const auto& shown = name;
    CAPTURE(shown);
    const Tensor z = leaf(file, "preference.z"), loss = preference_loss(config, z, file.at("preference.g"));
    const std::string prefix = std::string("preference.") + name;
    parity.check("result", loss.view({1}), file.at(prefix + ".loss"), tolerance::kOpForward, name);
    ag::backward(loss);
    parity.check("gradients", z.grad(), file.at(prefix + ".dz"), tolerance::kOpGradient, name);
  }
}

TEST_CASE("LLMEmb's contrastive loss and its gradients equal PyTorch") {
  const nn::TensorFile file = testing::fixture("llm_losses.safetensors");
  check_contrastive(file, "contrastive");
  check_contrastive(file, "large");
}

TEST_CASE("with the output for the mean, both heads predict the mean") {
  const Tensor mean = Tensor::from({1, 4}, {.5, .25, .25, 0});
  for (const PreferenceHead head : {PreferenceHead::Linear, PreferenceHead::Softmax}) {
    const Tensor found = predicted_from(output_for(mean, head), head);
    for (int64_t k = 0; k < 4; ++k) CHECK(found.data()[k] == doctest::Approx(mean.data()[k]).epsilon(2e-6));
  }
}

TEST_CASE("a loss that needs a logarithm needs the softmax head") {
  for (const auto kind : {PreferenceLossKind::Divergence, PreferenceLossKind::CrossEntropy}) {
    CHECK_THROWS_WITH_AS(check(PreferenceLoss{kind, PreferenceHead::Linear}),
                         doctest::Contains("hint: head softmax"), ag::InputError);
    check(PreferenceLoss{kind, PreferenceHead::Softmax});
  }
}

TEST_CASE("soft cross-entropy: one-hot targets give cross-entropy, and logits of hundreds do not overflow") {
  const Tensor logits = Tensor::from({2, 3}, {1, 2, 3, 500, -500, 499}),
               targets = Tensor::from({2, 3}, {0, 1, 0, 1, 0, 0});
  testing::check_close(nn::soft_cross_entropy(logits, targets).view({1}),
                       ag::cross_entropy(logits, Tensor::from_ints({1, 0})).view({1}), tolerance::kFused,
                       "soft cross-entropy");
}

TEST_CASE("held-out users are judged by the squared error, whatever the loss") {
  const Interactions data = testing::small_data();
  const models::ByteTokenizer tokenizer;
  ItemGroups groups;
  groups.group_of = data.truth->item_group;
  groups.groups = 4;
  const Tensor preferences = user_preferences(data, groups);
  for (const auto kind : {PreferenceLossKind::SquaredError, PreferenceLossKind::Divergence}) {
    const auto llm = untrained_tiny_llm(tokenizer, {});
    const Prompts prompts(data, tokenizer, {}, tokenizer.vocabulary());
    ReconstructionConfig config;
    config.finetune.epochs = 1;
    config.loss = {kind, PreferenceHead::Softmax};
    const Reconstruction r = reconstruct(*llm, prompts, data, preferences, config);
    double sum = 0;
    const std::vector<int64_t> users = split_users(data).heldout;
    for (const int64_t user : users) {
      const Tensor told = predicted_preference(r.model, prompts.of(training_part(data, user)));
      CHECK(ag::sum(told).item() == doctest::Approx(1));
      sum += ag::mse(told, preferences.rows(user, user + 1)).item();
    }
    CHECK(r.losses.heldout == doctest::Approx(sum / double(users.size())).epsilon(1e-4));
  }
}
