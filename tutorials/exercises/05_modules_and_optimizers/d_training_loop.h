// 05d The training loop.
//
// Forward, backward, step: and a gradient that is forgotten. Write the loop of gradient descent for any loss.
// Gradients add up over calls of backward(), so they must be cleared in each step, and something may be in
// them before the first.
//
// Then stop early: return the parameters to the step where the validation loss was smallest.
//
// Hint 1: parameter.zero_grad(), before backward() or after the step.
// Hint 2: The step writes into parameter.data(), so it is no part of any graph.
// Hint 3: parameter.clone() keeps numbers, Tensor(parameter).copy_from(...) brings them back: a copy of a
// Tensor
//         shares them, and copy_from is not const.
#pragma once

#include <functional>
#include <vector>

#include "autograd/ops.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n05d {

using ag::Tensor;
using Loss = std::function<Tensor()>;  // of the parameters as they are; a new graph each time

// `steps` steps of w = w - lr g on all parameters. Returns the loss before each step.
inline std::vector<double> train(const std::vector<Tensor>& parameters, const Loss& loss, double lr,
                                 int steps) {
  throw NotImplemented("the training loop");
}

// The same, and `validation` is evaluated before each step and after the last. At the end the parameters are
// those with the smallest validation loss. Returns it.
inline double train_until_best(const std::vector<Tensor>& parameters, const Loss& loss,
                               const Loss& validation, double lr, int steps) {
  throw NotImplemented("early stopping");
}

}  // namespace exercise::n05d
