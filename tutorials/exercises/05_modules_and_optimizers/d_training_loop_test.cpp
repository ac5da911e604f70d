#include "05_modules_and_optimizers/d_training_loop.h"

#include <cmath>

using ag::Tensor;

namespace {

// (w - target)^2 / 2 of a parameter of one number; its gradient is w - target.
Tensor distance(const Tensor& w, double target) {
  const Tensor apart = ag::sub(w, Tensor::from({}, {target}));
  return ag::scale(ag::mul(apart, apart), 0.5);
}

Tensor parameter(double value) { return Tensor::from({}, {value}).set_requires_grad(); }

}  // namespace

EXERCISE("05d", 4, "The training loop") {
  grade.part("ten steps", [&] {
    const Tensor w = parameter(1);
    const std::vector<double> losses = exercise::n05d::train(
        {w}, [&] { return distance(w, 0); }, 0.2, 10);
    std::vector<double> expected;
    for (int t = 0; t < 10; ++t) expected.push_back(std::pow(0.8, 2 * t) / 2);
    if (!grade.close("w", w.item(), std::pow(0.8, 10))) {
      // Without zero_grad the gradient is the sum of all so far.
      double forgot = 1, sum = 0;
      for (int t = 0; t < 10; ++t) forgot -= 0.2 * (sum += forgot);
      grade.check(!exercise::is_close(w.item(), forgot),
                  "zero_grad is forgotten: each step uses the sum of all gradients so far");
      grade.check(w.item() != 1, "w does not change; hint: write into w.data()");
    }
    grade.close("the loss at each step", losses, expected);
    grade.check(w.is_leaf(), "w is the result of an op now, so its graph grows with each step");
  });
  grade.part("two parameters", [&] {
    const Tensor a = parameter(1), b = parameter(2);
    exercise::n05d::train(
        {a, b}, [&] { return ag::add(distance(a, 5), distance(b, 7)); }, 0.5, 30);
    grade.close("a", a.item(), 5, 1e-6);
    grade.close("b", b.item(), 7, 1e-6);
  });
  grade.part("a gradient from before", [&] {
    const Tensor w = parameter(1);
    w.set_grad(Tensor::from({}, {100}));
    exercise::n05d::train(
        {w}, [&] { return distance(w, 0); }, 0.2, 1);
    if (!grade.close("w", w.item(), 0.8))
      grade.check(false, "what was in the gradient before the first step is used");
  });
  grade.part("stop early", [&] {
    // The way from 1 to 0 passes 0.512 after three steps, where the validation loss is smallest.
    const Tensor w = parameter(1);
    const double best = exercise::n05d::train_until_best(
        {w}, [&] { return distance(w, 0); }, [&] { return distance(w, 0.5); }, 0.2, 10);
    if (!grade.close("w", w.item(), 0.512)) {
      grade.check(
          !exercise::is_close(w.item(), std::pow(0.8, 10)),
          "w is that of the last step; hint: a copy of a Tensor shares its numbers, clone() does not");
      grade.check(!exercise::is_close(w.item(), 0.4096),
                  "it is one step too late: keep the parameters with which the loss was evaluated");
    }
    grade.close("the validation loss", best, 0.5 * 0.012 * 0.012);
    const Tensor last = parameter(1);
    exercise::n05d::train_until_best(
        {last}, [&] { return distance(last, 0); }, [&] { return distance(last, 0); }, 0.2, 10);
    grade.close("w if the last is the best", last.item(), std::pow(0.8, 10));
    const Tensor first = parameter(1);
    exercise::n05d::train_until_best(
        {first}, [&] { return distance(first, 0); }, [&] { return distance(first, 2); }, 0.2, 10);
    grade.close("w if the start is the best", first.item(), 1);
  });
}
