// 01 Scalar autograd: how does a program differentiate itself?
//
//   dx = sum_y dy (dy/dx)
//
// dx is the gradient of the loss by x, and the sum is over the results y that x is an input of: the chain
// rule, from the loss back to the parameters. Each op needs only its own dy/dx, and one pass gives all
// gradients. The idea is that of karpathy/micrograd. The names are those of autograd/tensor.h and
// autograd/tape.h, which do the same for whole tensors.
//
//   $ g++ -std=c++20 -O2 tutorials/01_scalar_autograd.cpp -o scalar && ./scalar
//
// New: values, the tape, backward, gradient descent. Needs: nothing. Takes less than a second.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <numbers>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using real = double;
struct Node;

// A number with its gradient and its history. A Value is a handle, like ag::Tensor: copies share all three,
// so every copy sees what the training loop writes into data().
class Value {
 public:
  explicit Value(real data) : impl_(std::make_shared<Impl>()) { impl_->data = data; }

  real& data() const { return impl_->data; }
  real& grad() const { return impl_->grad; }  // d loss / d this; backward() sets it, only for leaves
  void zero_grad() const { grad() = 0; }

  // A leaf is a number that no op made: a parameter, which requires grad, or a constant, which does not. An
  // op's result has a node: the tape's record of that op.
  bool is_leaf() const { return node() == nullptr; }
  bool requires_grad() const { return impl_->requires_grad; }
  Value& set_requires_grad() { return impl_->requires_grad = true, *this; }
  const std::shared_ptr<Node>& node() const { return impl_->node; }
  void set_node(std::shared_ptr<Node> node) { set_requires_grad().impl_->node = std::move(node); }

 private:
  struct Impl {
    real data = 0, grad = 0;
    bool requires_grad = false;
    std::shared_ptr<Node> node;
  };
  std::shared_ptr<Impl> impl_;
};

// --- 1. The tape: the record of ops from which backward() computes gradients

// A Backward turns dy, the gradient of the op's result, into the gradients of its inputs: the chain rule for
// one op. No other part of the program contains derivatives.
using Grads = std::vector<real>;  // one per input
using Backward = std::function<Grads(real dy)>;
struct Node {
  std::string op;
  size_t sequence = 0;  // grows with time: a node has a larger number than its inputs' nodes
  std::vector<Value> inputs;
  Backward backward;
  real dy = 0;  // d loss / d result: a sum over the ops that use the result
};

// Every op ends with this call. It records nothing if no input requires grad.
Value record(const char* op, Value y, std::vector<Value> inputs, Backward backward) {
  static size_t next_sequence = 1;
  if (std::ranges::none_of(inputs, &Value::requires_grad)) return y;
  y.set_node(std::make_shared<Node>(Node{op, next_sequence++, std::move(inputs), std::move(backward)}));
  return y;
}

// Adds the gradient of `loss` to grad() of every leaf that loss depends on, and releases the graph.
void backward(const Value& loss) {
  if (loss.is_leaf()) throw std::runtime_error("backward: no op made the loss; hint: set_requires_grad()");
  loss.node()->dy = 1;  // d loss / d loss
  // The order in which the ops ran is topological: an op can only use results that exist. So, newest first, a
  // node runs after all nodes that use its result. A loop, since recursion would crash on a deep graph.
  std::map<size_t, std::shared_ptr<Node>, std::greater<>> waiting{{loss.node()->sequence, loss.node()}};
  while (!waiting.empty()) {
    const std::shared_ptr<Node> node = waiting.extract(waiting.begin()).mapped();
    if (!node->backward) throw std::runtime_error("backward: used up by an earlier backward: " + node->op);
    const Grads grads = node->backward(node->dy);
    // `+=` is the multivariable chain rule: a number that is used twice gets the sum of both gradients.
    for (size_t i = 0; i < grads.size(); ++i) {
      const Value& x = node->inputs[i];
      if (x.requires_grad()) (x.is_leaf() ? x.grad() : x.node()->dy) += grads[i];
      if (!x.is_leaf()) waiting.emplace(x.node()->sequence, x.node());
    }
    // Released as soon as the node ran, so backward frees memory while it runs.
    node->backward = nullptr;
    node->inputs.clear();
  }
}

// --- 2. The ops: each computes a result and defines the gradients of its inputs

// The lambdas hold plain numbers. One that held its own result as a Value would own itself: a memory leak.
Value add(const Value& a, const Value& b) {
  return record("add", Value(a.data() + b.data()), {a, b}, [](real dy) { return Grads{dy, dy}; });
}
Value mul(const Value& a, const Value& b) {
  const real x = a.data(), y = b.data();
  return record("mul", Value(x * y), {a, b}, [x, y](real dy) { return Grads{dy * y, dy * x}; });
}
Value tanh(const Value& x) {
  const real y = std::tanh(x.data());
  return record("tanh", Value(y), {x}, [y](real dy) { return Grads{dy * (1 - y * y)}; });
}
// -label log sigmoid(z) - (1 - label) log(1 - sigmoid(z)), in a form that never overflows.
// Its derivative is the predicted probability minus the label.
Value bce_with_logits(const Value& z, real label) {
  const real loss = std::max(z.data(), 0.0) - z.data() * label + std::log1p(std::exp(-std::abs(z.data())));
  const real error = 1 / (1 + std::exp(-z.data())) - label;
  return record("bce_with_logits", Value(loss), {z}, [error](real dy) { return Grads{dy * error}; });
}

// --- 3. The gradients are the slopes

bool all_hold = true;
void check(bool holds, const char* property) {
  std::printf("  %s %s\n", holds ? "ok    " : "FAILED", property);
  if (!holds) std::fprintf(stderr, "check failed: %s\n", property);
  all_hold = all_hold && holds;
}

// An expression with every op, which uses `a` three times.
Value expression(const Value& a, const Value& b) {
  return bce_with_logits(add(mul(a, tanh(mul(a, b))), a), 1);
}

void check_gradients() {
  const Value a = Value(0.6).set_requires_grad(), b = Value(-1.3).set_requires_grad(), y = expression(a, b);
  backward(y);
  // The error of a finite difference is about h^2 from the curvature plus 1e-16 / h from rounding: 1e-10.
  const auto f = [](real at_a, real at_b) { return expression(Value(at_a), Value(at_b)).data(); };
  const real h = 1e-5, da = (f(0.6 + h, -1.3) - f(0.6 - h, -1.3)) / (2 * h),
             db = (f(0.6, -1.3 + h) - f(0.6, -1.3 - h)) / (2 * h);
  std::printf("3. y = bce(a tanh(a b) + a, 1) at a = 0.6, b = -1.3\n");
  std::printf("  dy/da %+.9f by backward, %+.9f by finite difference\n", a.grad(), da);
  std::printf("  dy/db %+.9f by backward, %+.9f by finite difference\n", b.grad(), db);
  check(std::abs(a.grad() - da) < 1e-8 && std::abs(b.grad() - db) < 1e-8, "both agree to 1e-8");

  bool thrown = false;
  try {
    backward(y);
  } catch (const std::runtime_error&) {
    thrown = true;
  }
  check(thrown, "a second backward through the same graph throws");

  // x + x + ... + x: a very deep graph.
  Value x = Value(1).set_requires_grad(), sum = x;
  for (int i = 1; i < 100'000; ++i) sum = add(sum, x);
  backward(sum);
  check(x.grad() == 100'000, "a graph of 99,999 ops in a row is no problem for backward");
}

// --- 4. A small network: 2 inputs, 8 tanh units, 1 logit

constexpr int kPoints = 40, kHidden = 8, kSteps = 200;
constexpr real kLearningRate = 1.5;
// Two interleaved half moons; no straight line separates them. Chapter 02 has the same points and parameters,
// so its loss curve is the same.
struct Point {
  real x0, x1, label;
};
Point point(int i) {
  const real angle = std::numbers::pi * (i / 2) / (kPoints / 2 - 1), c = std::cos(angle), s = std::sin(angle);
  return i % 2 == 0 ? Point{c, s, 0} : Point{1 - c, 0.5 - s, 1};
}

// The 33 parameters in order: hidden weights (8, 2), hidden bias (8), output weights (1, 8), output bias.
Value initial_parameter(int i) { return Value(0.5 * std::sin(7 * i + 3)).set_requires_grad(); }

Value logit(const std::vector<Value>& p, const Point& x) {
  Value z = p[4 * kHidden];
  for (int j = 0; j < kHidden; ++j) {
    const Value along0 = mul(p[2 * j], Value(x.x0)), along1 = mul(p[2 * j + 1], Value(x.x1));
    const Value h = tanh(add(add(along0, along1), p[2 * kHidden + j]));
    z = add(z, mul(p[3 * kHidden + j], h));
  }
  return z;
}

void train() {
  std::vector<Value> parameters;
  for (int i = 0; i < 4 * kHidden + 1; ++i) parameters.push_back(initial_parameter(i));
  std::printf("\n4. A network learns\nstep      loss  correct\n");
  Value loss(0);
  int correct = 0;
  for (int step = 0; step <= kSteps; ++step) {
    Value sum(0);
    correct = 0;
    for (int i = 0; i < kPoints; ++i) {
      const Point x = point(i);
      const Value z = logit(parameters, x);
      sum = add(sum, bce_with_logits(z, x.label));
      correct += (z.data() > 0) == (x.label == 1);
    }
    loss = mul(sum, Value(1.0 / kPoints));
    if (step % 10 == 0) {
      const std::string bar(static_cast<size_t>(std::min(57.0, 57 * loss.data())), '#');
      std::printf("%4d  %.6f  %2d/%d  %s\n", step, loss.data(), correct, kPoints, bar.c_str());
    }
    // Gradient descent. Then the gradients are set to zero, since they add up.
    backward(loss);
    for (const Value& p : parameters) {
      p.data() -= kLearningRate * p.grad();
      p.zero_grad();
    }
  }
  // The loss stays at 0.30 for a while (0.295 is the minimum for a straight line), until the hidden units
  // bend the line.
  check(loss.data() < 0.25, "the network is better than any straight line");
  check(correct > kPoints * 9 / 10, "more than nine of ten points are on their own side");
  std::printf("\nNext: one op for all points in place of one for each number. 02 does it with tensors.\n");
}

}  // namespace

int main() {
  check_gradients();
  train();
  return all_hold ? 0 : 1;
}
