// A cache of keys and values, and the rotation of keys and queries. Given in exercise 12b.
#pragma once

#include <cmath>
#include <numeric>
#include <vector>

#include "autograd/ops.h"

namespace exercise::n12b {

using ag::Tensor;

struct Cache {
  Tensor keys, values;  // (capacity,1,D), of which `length` are filled; keys are turned
  int64_t length = 0;
};

// x (n,1,D), turned by the positions first, first + 1, ...
inline Tensor turned(const Tensor& x, int64_t first) {
  const int64_t D = x.dim(2);
  std::vector<double> frequencies;
  for (int64_t i = 0; i < D / 2; ++i) frequencies.push_back(std::pow(10000, -2.0 * double(i) / double(D)));
  std::vector<int32_t> positions(size_t(x.dim(0)));
  std::iota(positions.begin(), positions.end(), int32_t(first));
  return ag::rotary(x, ag::rotation(Tensor::from_ints(positions), frequencies));
}

}  // namespace exercise::n12b
