#include "05_modules_and_optimizers/c_clipping.h"

#include <algorithm>

#include "nn/optim.h"

using ag::Tensor;

namespace {

struct Clipped {
  double norm;
  std::vector<double> gradients;  // (3, 4) and (0, 12), one after the other
};
Clipped clip(double max_norm) {
  const Tensor a = Tensor::from({2}, {3, 4}), b = Tensor::from({2}, {0, 12});
  const double norm = exercise::n05c::clip({a, b}, max_norm);
  return {norm, {a.data()[0], a.data()[1], b.data()[0], b.data()[1]}};
}

std::vector<double> scaled(double factor) { return {3 * factor, 4 * factor, 0, 12 * factor}; }

}  // namespace

EXERCISE("05c", 3, "Clipping gradients") {
  grade.part("the norm of all gradients", [&] {
    const double norm = clip(1).norm;
    if (!grade.close("the norm of (3, 4) and (0, 12)", norm, 13)) {
      grade.check(norm != 1, "it is the norm after clipping; the one before is returned");
      grade.check(norm != 17, "it is the sum of the tensors' norms; sum the squares, then take one root");
      grade.check(norm != 169, "the root is missing");
    }
  });
  grade.part("long gradients", [&] {
    const std::vector<double> got = clip(6.5).gradients;
    if (!grade.close("the gradient", got, scaled(0.5))) {
      grade.check(got != std::vector<double>{3, 4, 0, 6.5},
                  "each tensor or element is clipped by itself: that is another direction");
      grade.check(got != scaled(1.0 / 13), "they have length 1, not max_norm");
    }
    const Tensor x = exercise::normal("x", {5}),
                 copy = Tensor::from({5}, {0, 0, 0, 0, 0}).set_requires_grad();
    copy.set_grad(x.clone());
    nn::clip_grad_norm({copy}, 0.1);
    exercise::n05c::clip({x}, 0.1);
    grade.close("the result of nn::clip_grad_norm", x, copy.grad(), 1e-5);
  });
  grade.part("short gradients", [&] {
    if (!grade.close("the gradient", clip(20).gradients, scaled(1)))
      grade.check(false, "they are shorter than max_norm already, so they stay as they are");
    const Tensor zero = Tensor::zeros({3});
    grade.close("the norm of zeros", exercise::n05c::clip({zero}, 1), 0);
    grade.close("a gradient of zeros", zero, Tensor::zeros({3}));
  });
}
