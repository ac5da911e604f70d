// Answer to 05d.
//
// zero_grad() comes first, so that nothing from before the loop is in the first step. The validation loss
// needs no graph.
#pragma once

#include <cmath>
#include <functional>
#include <vector>

#include "autograd/ops.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n05d {

using ag::Tensor;
using Loss = std::function<Tensor()>;

inline std::vector<double> train(const std::vector<Tensor>& parameters, const Loss& loss, double lr,
                                 int steps) {
  std::vector<double> losses;
  for (int t = 0; t < steps; ++t) {
    for (const Tensor& w : parameters) w.zero_grad();
    const Tensor now = loss();
    losses.push_back(now.item());
    ag::backward(now);
    for (const Tensor& w : parameters) {
      for (int64_t i = 0; i < w.numel(); ++i) w.data()[i] -= lr * w.grad().data()[i];
    }
  }
  return losses;
}

inline double train_until_best(const std::vector<Tensor>& parameters, const Loss& loss,
                               const Loss& validation, double lr, int steps) {
  double best = INFINITY;
  std::vector<Tensor> kept(parameters.size());
  for (int t = 0; t <= steps; ++t) {
    if (t > 0) train(parameters, loss, lr, 1);
    const ag::NoGrad no_grad;
    const double now = validation().item();
    if (!(now < best)) continue;
    best = now;
    for (size_t i = 0; i < parameters.size(); ++i) kept[i] = parameters[i].clone();
  }
  for (size_t i = 0; i < parameters.size(); ++i) Tensor(parameters[i]).copy_from(kept[i]);
  return best;
}

}  // namespace exercise::n05d
