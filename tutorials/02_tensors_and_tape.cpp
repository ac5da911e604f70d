// 02 Tensors and tape: the network of tutorial 01 with the library, with the same numbers.
//
//   make tutorials
//
// Tutorial 01 had 2,321 nodes of single numbers per step; here there are four nodes of whole tensors. The
// program prints the graph, follows the same loss curve, and shows gradient accumulation, NoGrad, detach and
// a second backward. It checks its own results and takes about a hundredth of a second.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <numbers>
#include <stdexcept>
#include <string>
#include <vector>

#include "autograd/ops.h"
#include "autograd/tape.h"
#include "autograd/tensor.h"

namespace {

using ag::real, ag::Tensor;

void check(bool holds, const std::string& what) {
  if (!holds) throw std::runtime_error("check failed: " + what);
  std::printf("  ok  %s\n", what.c_str());
}

// --- data and network, with the formulas of tutorial 01
constexpr int kPoints = 40, kHidden = 8, kSteps = 200;
constexpr real kLearningRate = 1.5;

struct Data {
  Tensor x;       // (40, 2)
  Tensor labels;  // (40, 1)
};
Data half_moons() {
  std::vector<double> x, labels;
  for (int i = 0; i < kPoints; ++i) {
    const double angle = std::numbers::pi * (i / 2) / (kPoints / 2 - 1), c = std::cos(angle),
                 s = std::sin(angle);
    x.insert(x.end(), {i % 2 == 0 ? c : 1 - c, i % 2 == 0 ? s : 0.5 - s});
    labels.push_back(i % 2);
  }
  return {Tensor::from({kPoints, 2}, x), Tensor::from({kPoints, 1}, labels)};
}

// Parameters first, first + 1, ... of tutorial 01, in row-major order: leaves that require grad.
Tensor initial_parameter(ag::Shape shape, int first) {
  std::vector<double> values;
  for (int i = 0; i < ag::numel(shape); ++i) values.push_back(0.5 * std::sin(7 * (first + i) + 3));
  return Tensor::from(std::move(shape), values).set_requires_grad();
}

struct Net {
  Tensor hidden_weight = initial_parameter({kHidden, 2}, 0);
  Tensor hidden_bias = initial_parameter({kHidden}, 2 * kHidden);
  Tensor output_weight = initial_parameter({1, kHidden}, 3 * kHidden);
  Tensor output_bias = initial_parameter({1}, 4 * kHidden);

  // All points at once: x (40, 2) -> h (40, 8) -> logits (40, 1). linear is x W^T + b with W (out, in).
  Tensor logits(const Tensor& x) const {
    const Tensor h = ag::tanh(ag::linear(x, hidden_weight, hidden_bias));
    return ag::linear(h, output_weight, output_bias);
  }
  std::vector<Tensor> parameters() const { return {hidden_weight, hidden_bias, output_weight, output_bias}; }
};

// --- the tape
void show_graph(const Data& data) {
  const Net net;
  const Tensor loss = ag::bce_with_logits(net.logits(data.x), data.labels);
  // One op per line, newest first: backward() runs them in this order. `leaf` is a parameter, `constant` an
  // input that does not require grad, `%2 (40, 8)` the result of line %2 with its shape. The labels are not
  // listed, because bce_with_logits has only a gradient for the logits.
  const std::string graph = ag::graph_to_string(loss);
  std::printf("The graph of the loss:\n%s", graph.c_str());
  check(std::count(graph.begin(), graph.end(), '\n') == 4, "four ops, four nodes");

  // backward() sets grad() of the leaves, each with the shape of its leaf, and releases the graph.
  ag::backward(loss);
  const Tensor dw = net.hidden_weight.grad();
  std::printf("d loss / d hidden_weight = %s\n", ag::to_string(dw, 3).c_str());
  check(dw.shape() == net.hidden_weight.shape(), "a gradient has the shape of its tensor");

  // The first call released what backward needs, so a second call throws an error.
  std::string message = "nothing was thrown";
  try {
    ag::backward(loss);
  } catch (const ag::Error& error) {
    message = error.what();
  }
  std::printf("A second backward(loss): \"%.48s...\"\n", message.c_str());
  check(message.find("hint") != message.npos, "it throws, with a hint");
}

void show_gradient_rules() {
  std::printf("\nx = (1, 2, 3), y = sum(x x):\n");
  const Tensor x = Tensor::from({3}, {1, 2, 3}).set_requires_grad();
  const auto gradient_is = [&](std::vector<real> expected) { return x.grad().values() == expected; };

  ag::backward(ag::sum(ag::mul(x, x)));
  check(gradient_is({2, 4, 6}), "dy/dx = 2 x, the sum over both uses of x");
  // Gradients add up until they are set to zero, so two halves of a batch can share one step.
  ag::backward(ag::sum(ag::mul(x, x)));
  check(gradient_is({4, 8, 12}), "a second loss adds its gradient to the first one's");

  // detach() is the same memory without the history: ops that use it see a constant.
  x.zero_grad();
  const Tensor constant = x.detach();
  check(constant.data() == x.data() && !constant.requires_grad(),
        "x.detach() is x's memory without a gradient");
  ag::backward(ag::sum(ag::mul(x, constant)));
  check(gradient_is({1, 2, 3}), "where one factor is detached, dy/dx = x");

  // Under NoGrad nothing is recorded, so no memory is kept for backward. Used in evaluation.
  const ag::NoGrad no_grad;
  const Tensor y = ag::mul(x, x);
  check(!y.requires_grad() && y.is_leaf(), "under NoGrad, x x is just numbers");
}

// --- the loss curve
// The losses of tutorial 01, computed there in f64. Six digits have an error of 5e-7, and
// 200 steps in f32 add about 1e-7. (With a learning rate of 2 it would be 3e-2: steps that
// are too large amplify rounding errors.)
const std::map<int, double> kTutorial01{
    {0, 0.827595}, {50, 0.297170}, {100, 0.191904}, {150, 0.097683}, {200, 0.057459}};
constexpr double kTolerance = 2e-6;

void train(const Data& data) {
  const Net net;
  std::printf("\nstep      loss  * equal to tutorial 01's to 2e-6\n");
  for (int step = 0; step <= kSteps; ++step) {
    const Tensor loss = ag::bce_with_logits(net.logits(data.x), data.labels);
    const double value = loss.item();
    const auto expected = kTutorial01.find(step);
    if (expected != kTutorial01.end() && !(std::abs(value - expected->second) <= kTolerance)) {
      throw std::runtime_error("the loss of step " + std::to_string(step) + " is " + std::to_string(value) +
                               ", but in tutorial 01 " + std::to_string(expected->second));
    }
    if (step % 10 == 0) {
      const std::string bar(static_cast<size_t>(std::min(57.0, 57 * value)), '#');
      std::printf("%4d  %.6f  %c  %s\n", step, value, expected == kTutorial01.end() ? ' ' : '*', bar.c_str());
    }
    // A step of gradient descent is not part of the graph: it writes into the parameters' memory.
    ag::backward(loss);
    for (const Tensor& p : net.parameters()) {
      for (int64_t i = 0; i < p.numel(); ++i) p.data()[i] -= kLearningRate * p.grad().data()[i];
      p.zero_grad();
    }
  }
}

}  // namespace

int main() {
  try {
    const Data data = half_moons();
    show_graph(data);
    show_gradient_rules();
    train(data);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "02_tensors_and_tape: %s\n", error.what());
    return 1;
  }
}
