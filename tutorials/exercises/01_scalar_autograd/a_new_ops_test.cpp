#include "01_scalar_autograd/a_new_ops.h"

#include <cmath>

namespace n01a = exercise::n01a;
using exercise::scalar::leaf, exercise::scalar::Value;

namespace {

// The gradients of op(a, b) for dy = 3 at each pair of numbers, against central differences of `formula`.
using Op = std::function<Value(const Value& a, const Value& b)>;
using Formula = std::function<double(double a, double b)>;
struct Names {
  std::string a, b;  // b is empty: the op has one input
};
void compare(exercise::Grade& grade, const Names& names, const Op& op, const Formula& formula,
             const std::vector<std::pair<double, double>>& points) {
  std::vector<double> results, values, da, db, slope_a, slope_b;
  const double h = 1e-6, dy = 3;
  for (const auto& [a, b] : points) {
    const Value y = op(leaf(a), leaf(b));
    const size_t inputs = names.b.empty() ? 1 : 2;
    if (!grade.check(
            y->inputs.size() == inputs && y->backward,
            "the result's history has not its inputs and a lambda; hint: end with record(y, {a, b}, ...)"))
      return;
    const std::vector<double> grads = y->backward(dy);
    if (!grade.check(grads.size() == inputs, "the lambda does not return one gradient for each input"))
      return;
    results.push_back(y->data);
    values.push_back(formula(a, b));
    da.push_back(grads[0]);
    slope_a.push_back(dy * (formula(a + h, b) - formula(a - h, b)) / (2 * h));
    if (inputs == 1) continue;
    db.push_back(grads[1]);
    slope_b.push_back(dy * (formula(a, b + h) - formula(a, b - h)) / (2 * h));
  }
  grade.close("the result", results, values);
  if (!grade.close(names.a, da, slope_a, 1e-6)) {
    for (double& slope : slope_a) slope /= dy;
    grade.check(da != slope_a && std::abs(da[0] - slope_a[0]) > 1e-6,
                "the derivative is right, but it is not multiplied by dy: the chain rule");
  }
  if (!names.b.empty()) grade.close(names.b, db, slope_b, 1e-6);
}

}  // namespace

EXERCISE("01a", 3, "Three new ops") {
  grade.part("exp", [&] {
    compare(
        grade, {"dx", ""}, [](const Value& x, const Value&) { return n01a::exp(x); },
        [](double x, double) { return std::exp(x); }, {{0.5, 0}, {-2, 0}, {1.5, 0}});
  });
  grade.part("relu", [&] {
    compare(
        grade, {"dx", ""}, [](const Value& x, const Value&) { return n01a::relu(x); },
        [](double x, double) { return std::max(x, 0.0); }, {{0.5, 0}, {-2, 0}, {1.5, 0}});
    const Value at_zero = n01a::relu(leaf(0));
    grade.check(at_zero->backward(1)[0] == 0, "at x = 0 the derivative is not 0");
  });
  grade.part("divide", [&] {
    compare(grade, {"da", "db"}, n01a::divide, [](double a, double b) { return a / b; },
            {{3, 2}, {-1, 4}, {0.5, -0.25}});
  });
}
