#include "05_modules_and_optimizers/a_adamw.h"

#include <cmath>

#include "nn/optim.h"

namespace n05a = exercise::n05a;

EXERCISE("05a", 4, "A step of AdamW") {
  const n05a::Config config;
  grade.part("the first step", [&] {
    double m = 0, v = 0;
    const double w = n05a::adamw_step(1, 0.5, 1, m, v, config), moved = (1 - w) / config.lr;
    if (!grade.close("w", w, 1 - config.lr, 1e-6)) {
      const double uncorrected = 0.1 / std::sqrt(0.001);
      grade.check(!exercise::is_close(moved, uncorrected, 0.01),
                  "the step is 3.2 lr: the correction is missing");
      grade.check(!exercise::is_close(moved, 0.1, 0.01), "the step is 0.1 lr: m is not corrected");
      grade.check(!exercise::is_close(moved, 1 / std::sqrt(0.001), 0.1),
                  "the step is 32 lr: v is not corrected");
      grade.check(!exercise::is_close(moved, -1, 0.01),
                  "the step goes up the loss: it is minus the gradient");
      grade.check(!std::isnan(w), "b1^t and b2^t are 1 for t = 0, but the first step has t = 1");
    }
    grade.close("m", m, 0.05);
    grade.close("v", v, 0.00025);
  });
  grade.part("twenty steps, as nn::Adam", [&] {
    const ag::Tensor parameter = ag::Tensor::from({1}, {1}).set_requires_grad();
    nn::Adam adam({{"w", parameter}}, {.lr = config.lr});
    double w = 1, m = 0, v = 0;
    std::vector<double> got, expected;
    const ag::Tensor gradients = exercise::normal("gradients", {20});
    for (int t = 1; t <= 20; ++t) {
      parameter.set_grad(gradients.rows(t - 1, t));
      adam.step();
      expected.push_back(parameter.data()[0]);
      got.push_back(w = n05a::adamw_step(w, gradients.data()[t - 1], t, m, v, config));
    }
    grade.close("w after each step", got, expected, 1e-8);
  });
  grade.part("a gradient as small as eps", [&] {
    // m' = g and sqrt(v') = g = eps: half a step.
    double m = 0, v = 0;
    const double w = n05a::adamw_step(1, 1e-8, 1, m, v, config), moved = (1 - w) / config.lr;
    if (!grade.close("the step as a share of lr", moved, 0.5, 1e-6)) {
      grade.check(!exercise::is_close(moved, 0, 0.01), "eps is inside the root; it is added after it");
      grade.check(!exercise::is_close(moved, 1, 0.01), "eps is missing");
    }
  });
  grade.part("the decay", [&] {
    const n05a::Config decaying{.decay = 0.1};
    double m = 0, v = 0;
    const double w = n05a::adamw_step(2, 0, 1, m, v, decaying);
    if (!grade.close("w without a gradient", w, 2 * (1 - 0.01 * 0.1))) {
      grade.check(m == 0 && v == 0,
                  "the decay is in the moments: that is L2, which Adam divides by sqrt(v')");
      grade.check(w != 2, "there is no decay");
      grade.check(w != 2 * (1 - 0.1), "the decay must be multiplied by lr");
    }
  });
}
