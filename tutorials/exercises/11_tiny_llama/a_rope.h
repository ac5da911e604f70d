// 11a Rotary positions.
//
//   angle_i = position theta^(-2i/D),   i = 0 .. D/2 - 1
//   y_i       = x_i cos(angle_i) - x_{i + D/2} sin(angle_i)
//   y_{i+D/2} = x_{i + D/2} cos(angle_i) + x_i sin(angle_i)
//
// The pairs are (x_i, x_{i + D/2}), the two halves of a head, as in Llama's weights; not neighbours. Write
// the angles, the rotation and its backward. The test compares with the library, and checks that the
// product of a turned query and a turned key depends only on how far apart they are.
//
// Hint 1: The first pair turns fastest, by one radian for each position.
// Hint 2: The gradient of a rotation is a rotation. By which angle?
#pragma once

#include <cmath>
#include <vector>

#include "autograd/tensor.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n11a {

using ag::real, ag::Tensor;

// The angles (D/2) at a position.
inline std::vector<double> angles(int32_t position, int64_t D, double theta) {
  throw NotImplemented("the angles");
}

// x (N,H,D), turned by the angles of each token's position: positions (N) I32 -> (N,H,D).
inline Tensor rotated(const Tensor& x, const Tensor& positions, double theta) {
  throw NotImplemented("the rotation");
}

// The gradient with respect to x, from dy (N,H,D), that with respect to rotated(x, positions, theta).
inline Tensor rotated_backward(const Tensor& dy, const Tensor& positions, double theta) {
  throw NotImplemented("the backward of the rotation");
}

}  // namespace exercise::n11a
