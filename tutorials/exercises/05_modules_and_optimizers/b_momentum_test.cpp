#include "05_modules_and_optimizers/b_momentum.h"

#include <cmath>

namespace n05b = exercise::n05b;

namespace {

// How far each of `lrs`.size() steps goes, for the gradient 1 and mu = 0.9.
using Step = double (*)(double w, double g, double& v, double lr, double mu);
std::vector<double> steps(Step step, const std::vector<double>& lrs) {
  std::vector<double> moved;
  double w = 0, v = 0;
  for (const double lr : lrs) {
    const double before = w;
    w = step(w, 1, v, lr, 0.9);
    moved.push_back(before - w);
  }
  return moved;
}

}  // namespace

EXERCISE("05b", 3, "Momentum") {
  grade.part("momentum", [&] {
    const std::vector<double> moved = steps(n05b::momentum_step, {0.1, 0.1, 0.1, 0.01});
    if (!grade.close("each step for g = 1", moved, {0.1, 0.19, 0.271, 0.03439})) {
      grade.check(!exercise::is_close(moved[0], 0.01),
                  "g is multiplied by 1 - mu: that is Adam's m; here v is a sum");
      grade.check(!exercise::is_close(moved[0], 0),
                  "the first step does not move: v must be updated before it is used");
      grade.check(!exercise::is_close(moved[1], 0.1), "v is not kept from one step to the next");
      grade.check(!exercise::is_close(moved[2], 0.271) || !exercise::is_close(moved[3], 0.2539),
                  "lr is part of v: a smaller lr does not act at once");
    }
    const std::vector<double> many = steps(n05b::momentum_step, std::vector<double>(200, 0.1));
    grade.close("the step after 200", many.back(), 1, 1e-6);
  });
  grade.part("Nesterov", [&] {
    const std::vector<double> moved = steps(n05b::nesterov_step, {0.1, 0.1, 0.01});
    if (!grade.close("each step for g = 1", moved, {0.19, 0.271, 0.03439}))
      grade.check(!exercise::is_close(moved[0], 0.1), "this is momentum, or it uses v of the step before");
  });
  grade.part("the largest learning rate", [&] {
    for (const double a : {0.5, 1.0, 40.0}) {
      const double lr = n05b::largest_lr(a);
      const auto after = [&](double rate) { return std::abs(std::pow(1 - rate * a, 1000)); };
      grade.check(after(0.99 * lr) < 1,
                  ag::message("for a = ", a, " w diverges with less than ", lr, " already"));
      grade.check(after(1.01 * lr) > 1,
                  ag::message("for a = ", a, " w does not diverge with a little more than ", lr));
    }
  });
}
