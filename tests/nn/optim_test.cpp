// Compares Adam with L2 and AdamW with PyTorch on given gradients, with
// clipping and a cosine schedule with warm-up.
#include "nn/optim.h"

#include <cmath>

#include "tests/parity.h"

using ag::Tensor;

namespace {

constexpr int64_t kSteps = 10, kWarmup = 3;
constexpr double kClip = 2;
const std::vector<std::string> kParameters = {"a", "b"};

// Row `step` of a tensor whose first dimension is the step.
Tensor at_step(const Tensor& all, int64_t step) {
  ag::Shape shape(all.shape().begin() + 1, all.shape().end());
  return all.rows(step, step + 1).view(shape);
}

}  // namespace

TEST_CASE("Adam with L2 and AdamW equal PyTorch, step by step, with clipping, warm-up and cosine") {
  const nn::TensorFile file = testing::fixture("optim.safetensors");
  for (const std::string run : {"adam", "adamw"}) {
    const testing::Parity parity(
        run == "adam" ? "Adam with L2, clipping, cosine schedule" : "AdamW, clipping, cosine schedule", file);
    nn::NamedTensors parameters;
    for (const std::string& name : kParameters)
      parameters.emplace_back(name, file.at("start." + name).clone().set_requires_grad());
    nn::Adam adam(parameters, {.lr = 0.05,
                               .beta1 = 0.8,
                               .beta2 = 0.98,
                               .eps = 1e-3,
                               .weight_decay = 0.1,
                               .decoupled = run == "adamw"});
    Tensor norms = Tensor::empty({kSteps});
    for (int64_t step = 0; step < kSteps; ++step) {
      for (const auto& [name, w] : parameters) w.set_grad(at_step(file.at("grad." + name), step).clone());
      norms.data()[step] = static_cast<ag::real>(nn::clip_grad_norm(adam.parameters(), kClip));
      adam.step(nn::cosine_factor(step, kWarmup, kSteps));
      for (const auto& [name, w] : parameters) {
        parity.check("parameters after each step", w, at_step(file.at(run + "." + name), step),
                     testing::tolerance::kOpForward,
                     run + "." + name + " after step " + std::to_string(step));
      }
    }
    parity.check("norm of the gradients", norms, file.at("norm"), testing::tolerance::kOpForward);
  }
}

TEST_CASE("the norm is that of all numbers of all gradients, also of large ones") {
  Tensor small = Tensor::full({3}, 1), large = Tensor::full({500, 400}, 1), frozen = Tensor::full({2}, 1);
  small.set_grad(Tensor::full({3}, 2));
  large.set_grad(Tensor::full({500, 400}, 0.5));
  CHECK(nn::clip_grad_norm({small, frozen, large}, 1) == doctest::Approx(std::sqrt(12 + 50000)));
  CHECK(large.grad().data()[199999] == doctest::Approx(0.5 / std::sqrt(12 + 50000)));
  CHECK(small.grad().data()[0] == doctest::Approx(2 / std::sqrt(12 + 50000)));
  CHECK(nn::clip_grad_norm({frozen}, 1) == 0);
}

TEST_CASE("a parameter without a gradient does not change, and groups have their own learning rates") {
  Tensor a = Tensor::full({2}, 1), b = Tensor::full({2}, 1), frozen = Tensor::full({2}, 1);
  for (Tensor* w : {&a, &b, &frozen}) w->set_requires_grad();
  const std::vector<nn::Adam::Group> groups = {{{{"a", a}, {"frozen", frozen}}, 0.1}, {{{"b", b}}, 0.2}};
  nn::Adam adam(groups, {.eps = 0});
  a.set_grad(Tensor::full({2}, 3));
  b.set_grad(Tensor::full({2}, -5));
  adam.step();  // without eps the first step is the learning rate times minus the gradient's sign
  CHECK(a.data()[0] == doctest::Approx(0.9));
  CHECK(b.data()[1] == doctest::Approx(1.2));
  CHECK(frozen.values() == std::vector<ag::real>{1, 1});
}
