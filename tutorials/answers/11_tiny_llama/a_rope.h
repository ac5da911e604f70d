// Answer to 11a.
//
// Each pair is turned in its plane: a rotation keeps lengths, and turning q by a and k by b changes their
// product as turning q by a - b would. Its matrix is orthogonal, so the transposed one, which the backward
// pass needs, turns by the opposite angle. Llama pairs x_i with x_{i + D/2}; the paper pairs neighbours. Both
// are right with weights trained for them, and wrong with the other's.
#pragma once

#include <cmath>
#include <vector>

#include "autograd/tensor.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n11a {

using ag::real, ag::Tensor;

// The angles (D/2) at a position.
inline std::vector<double> angles(int32_t position, int64_t D, double theta) {
  std::vector<double> result;
  for (int64_t i = 0; i < D / 2; ++i)
    result.push_back(position * std::pow(theta, -2.0 * double(i) / double(D)));
  return result;
}

// x (N,H,D), turned by the angles of each token's position: positions (N) I32 -> (N,H,D).
inline Tensor rotated(const Tensor& x, const Tensor& positions, double theta) {
  const int64_t H = x.dim(1), D = x.dim(2), half = D / 2;
  Tensor y = ag::empty_like(x);
  for (int64_t head = 0; head < x.dim(0) * H; ++head) {
    const std::vector<double> angle = angles(positions.ints()[head / H], D, theta);
    const real* from = x.data() + head * D;
    real* to = y.data() + head * D;
    for (int64_t i = 0; i < half; ++i) {
      const double cosine = std::cos(angle[size_t(i)]), sine = std::sin(angle[size_t(i)]);
      to[i] = from[i] * cosine - from[i + half] * sine;
      to[i + half] = from[i + half] * cosine + from[i] * sine;
    }
  }
  return y;
}

// dx (N,H,D) from dy (N,H,D), the gradient of rotated(x, positions, theta).
inline Tensor rotated_backward(const Tensor& dy, const Tensor& positions, double theta) {
  Tensor back = positions.clone();
  for (int64_t n = 0; n < back.numel(); ++n) back.ints()[n] = -back.ints()[n];
  return rotated(dy, back, theta);
}

}  // namespace exercise::n11a
