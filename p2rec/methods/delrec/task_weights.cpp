#include "p2rec/methods/delrec/task_weights.h"

#include <cmath>

#include "autograd/ops.h"

namespace p2rec {
namespace {

using ag::Tensor;

double norm_of(const Tensor& gradient) {
  double squares = 0;
  for (const double g : gradient.values()) squares += g * g;
  AG_CHECK(squares > 0, "joint_loss: a task's gradient is 0, so it has no weight");
  return std::sqrt(squares);
}

}  // namespace

JointLoss joint_loss(const TaskLoss& first, const TaskLoss& second, double alpha) {
  const ag::NoGrad no_grad;
  const double r1 = std::pow(1 / norm_of(first.gradient), alpha),
               r2 = std::pow(1 / norm_of(second.gradient), alpha);
  const double w1 = r1 / (r1 + r2), w2 = r2 / (r1 + r2), D = alpha * w1 * w2 * (first.loss - second.loss);
  return {w1 * first.loss + w2 * second.loss,
          ag::add(ag::scale(first.gradient, w1 + D / first.loss),
                  ag::scale(second.gradient, w2 - D / second.loss)),
          {w1, w2}};
}

Tensor known_loss(const Tensor& x, const JointLoss& joint) {
  return ag::record("known_loss", Tensor::full({}, static_cast<ag::real>(joint.loss), x.device()), {x},
                    [gradient = joint.gradient](const Tensor& dy, const ag::Needs&) -> ag::Grads {
                      return {ag::scale(gradient, dy.item())};
                    });
}

}  // namespace p2rec
