// 02 Tensors and tape: what changes when a Value becomes a Tensor?
//
//   h = tanh(X W1^T + b1),  z = h W2^T + b2,  loss = mean bce(z, label)
//
// bce is the binary cross-entropy: -log p where the label is 1 and -log(1 - p) where it is 0, p = sigmoid(z).
// Chapter 01 records 2,321 nodes of single numbers per step for this net of 33 parameters. Here the same net
// is four nodes of whole tensors, because one op does the arithmetic of all points at once and one lambda is
// the chain rule of all of it.
//
// New: Tensor, shapes, the graph as text, NoGrad, detach. Needs: 01. Takes less than a second.
// Read beside it: autograd/tensor.h, autograd/tape.h; after it: autograd/ops.h.
#include <cmath>
#include <numbers>

#include "autograd/ops.h"
#include "tutorials/lesson.h"

namespace {

using ag::real, ag::Tensor;
using lesson::check;

constexpr int kPoints = 40, kHidden = 8;

// The activation, for the tensors and for the plain numbers of step 2. To try another one, change both:
// ag::gelu, ag::silu, ag::sigmoid and their formulas are in autograd/ops.h.
Tensor activation(const Tensor& x) { return ag::tanh(x); }
double activation(double x) { return std::tanh(x); }

// --- the data and the net, by the formulas of 01

struct Data {
  Tensor x;       // (40, 2)
  Tensor labels;  // (40, 1)
};

Data half_moons() {
  std::vector<double> x, labels;
  for (int i = 0; i < kPoints; ++i) {
    const double angle = std::numbers::pi * (i / 2) / (kPoints / 2 - 1);
    const double c = std::cos(angle), s = std::sin(angle);
    x.insert(x.end(), {i % 2 == 0 ? c : 1 - c, i % 2 == 0 ? s : 0.5 - s});
    labels.push_back(i % 2);
  }
  return {Tensor::from({kPoints, 2}, x), Tensor::from({kPoints, 1}, labels)};
}

// Parameters first, first + 1, ... of chapter 01, in row-major order: leaves that require grad.
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

  // All points at once: x (40, 2) -> h (40, 8) -> z (40, 1). linear is x W^T + b with W (out, in).
  Tensor logits(const Tensor& x) const {
    const Tensor h = activation(ag::linear(x, hidden_weight, hidden_bias));
    return ag::linear(h, output_weight, output_bias);
  }
  Tensor loss(const Data& data) const { return ag::bce_with_logits(logits(data.x), data.labels); }
  std::vector<Tensor> parameters() const { return {hidden_weight, hidden_bias, output_weight, output_bias}; }
};

// --- 1. The graph

void show_graph(const Data& data) {
  lesson::heading("1. The graph of the loss");
  const Net net;
  const Tensor loss = net.loss(data);
  // One op per line, newest first: backward() runs them in this order. `leaf` is a parameter, `constant` an
  // input that does not require grad, `%2 (40, 8)` the result of line %2 with its shape. The labels are not
  // listed, because bce_with_logits has only a gradient for the logits.
  const std::string graph = ag::graph_to_string(loss);
  fmt::print("{}", graph);
  check(std::ranges::count(graph, '\n') < 10, "a handful of nodes, however many points there are");

  // backward() sets grad() of the leaves, each with the shape of its leaf, and releases the graph: a node
  // drops what it kept as soon as it ran, so memory shrinks on the way.
  ag::backward(loss);
  fmt::print("d loss / d output_weight = {}\n", ag::to_string(net.output_weight.grad(), 3));
  check(net.hidden_weight.grad().shape() == net.hidden_weight.shape(), "a gradient has its tensor's shape");
  try {
    ag::backward(loss);
    check(false, "a second backward through the same graph throws");
  } catch (const ag::Error& error) {
    fmt::print("A second backward(loss): {}\n", error.what());
    check(std::string_view(error.what()).find("hint") != std::string_view::npos, "it throws, with a hint");
  }
}

// --- 2. The same slopes as without any tensor

// The loss of the net with plain numbers. p: the parameters in the order of Net::parameters().
double loss_of_numbers(const std::vector<double>& p, const Data& data) {
  double sum = 0;
  for (size_t i = 0; i < kPoints; ++i) {
    double z = p[4 * kHidden];
    for (size_t j = 0; j < kHidden; ++j) {
      const double along = p[2 * j] * data.x.data()[2 * i] + p[2 * j + 1] * data.x.data()[2 * i + 1];
      z += p[3 * kHidden + j] * activation(along + p[2 * kHidden + j]);
    }
    sum += std::max(z, 0.0) - z * data.labels.data()[i] + std::log1p(std::exp(-std::abs(z)));
  }
  return sum / kPoints;
}

void compare_with_numbers(const Data& data) {
  lesson::heading("2. The same loss and the same slopes, with plain numbers");
  const Net net;
  const Tensor loss = net.loss(data);
  ag::backward(loss);
  std::vector<double> p, gradient;
  for (const Tensor& parameter : net.parameters()) {
    for (const real value : parameter.values()) p.push_back(value);
    for (const real value : parameter.grad().values()) gradient.push_back(value);
  }
  // Two evaluations for each parameter, where backward needs about two for all of them together. For 33
  // parameters that hardly matters; for the billion of a language model it is why this library exists.
  double worst = 0;
  const double h = 1e-5;
  for (size_t i = 0; i < p.size(); ++i) {
    std::vector<double> above = p, below = p;
    above[i] += h;
    below[i] -= h;
    const double slope = (loss_of_numbers(above, data) - loss_of_numbers(below, data)) / (2 * h);
    worst = std::max(worst, std::abs(slope - gradient[i]));
  }
  fmt::print("loss {:.7f}, with plain numbers {:.7f}; largest difference of {} slopes {:.1e}\n", loss.item(),
             loss_of_numbers(p, data), p.size(), worst);
  check(std::abs(loss.item() - loss_of_numbers(p, data)) < 1e-5, "the loss is the same");
  check(worst < 1e-4, "every gradient is the slope of the loss");
}

// --- 3. Four rules

void show_rules() {
  lesson::heading("3. Four rules: x = (1, 2, 3), y = sum(x x)");
  const Tensor x = Tensor::from({3}, {1, 2, 3}).set_requires_grad();
  const auto gradient_is = [&](const std::vector<real>& expected) { return x.grad().values() == expected; };

  ag::backward(ag::sum(ag::mul(x, x)));
  check(gradient_is({2, 4, 6}), "x is used twice: dy/dx = x + x, the sum over its uses");
  // Gradients add up until they are set to zero. So two halves of a batch can share one step, and a loop that
  // forgets zero_grad() goes wrong (chapter 05 shows how).
  ag::backward(ag::sum(ag::mul(x, x)));
  check(gradient_is({4, 8, 12}), "a second loss adds its gradient to the first one's");

  // detach() is the same memory without the history: a constant to every op that follows.
  x.zero_grad();
  const Tensor constant = x.detach();
  ag::backward(ag::sum(ag::mul(x, constant)));
  check(constant.data() == x.data() && gradient_is({1, 2, 3}), "where one factor is detached, dy/dx = x");

  // Under NoGrad nothing is recorded, so no memory is kept for backward. Used in evaluation.
  const ag::NoGrad no_grad;
  check(!ag::mul(x, x).requires_grad(), "under NoGrad, x x is just numbers");
}

// --- 4. Learning

void train(const Data& data, int steps) {
  lesson::heading("4. Gradient descent: the same curve as in 01");
  const Net net;
  double first = 0, last = 0;
  fmt::print("step  loss\n");
  for (int step = 0; step <= steps; ++step) {
    const Tensor loss = net.loss(data);
    last = loss.item();
    if (step == 0) first = last;
    if (step % 10 == 0) fmt::print("{:4}  {:.6f}  {}\n", step, last, lesson::bar(last / first));
    // A step of gradient descent is no part of any graph: it writes into the parameters' memory.
    ag::backward(loss);
    for (const Tensor& p : net.parameters()) {
      for (int64_t i = 0; i < p.numel(); ++i) p.data()[i] -= real(1.5) * p.grad().data()[i];
      p.zero_grad();
    }
  }
  const ag::NoGrad no_grad;
  const Tensor z = net.logits(data.x);
  int64_t correct = 0;
  for (int64_t i = 0; i < kPoints; ++i) correct += (z.data()[i] > 0) == (data.labels.data()[i] > 0);
  // A straight line has 34 of the 40 right. To get beyond it silu needs 400 steps, and sigmoid needs steps of
  // 6 in place of 1.5.
  check(last < first, "the loss falls");
  check(correct > kPoints * 3 / 4, fmt::format("{} of {} points are on their own side", correct, kPoints));
  fmt::print("\nNext: most of the time of such a net goes into linear's matrix product. 03 makes it fast.\n");
}

void chapter(const lesson::Options&) {
  const Data data = half_moons();
  show_graph(data);
  compare_with_numbers(data);
  show_rules();
  train(data, 200);
}

}  // namespace

int main(int argc, char** argv) { return lesson::run(argc, argv, {}, chapter); }
