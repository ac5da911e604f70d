// Answer to 03c.
//
// A square product does more operations for each byte the larger it is, so a large one is limited by the
// peak. A matrix times a vector does 2 operations for each number of the matrix, however large it is: half an
// operation a byte in f32. That is why a model's weights are quantised to write faster: fewer bytes, not
// fewer operations.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "tutorials/exercises/grade.h"

namespace exercise::n03c {

inline double intensity(int64_t M, int64_t K, int64_t N, double bytes) {
  return 2.0 * double(M * K * N) / (bytes * double(M * K + K * N + M * N));
}

inline double roofline(double peak, double bandwidth, double intensity) {
  return std::min(peak, bandwidth * intensity);
}

inline int64_t smallest_square(double peak, double bandwidth, double bytes) {
  return static_cast<int64_t>(std::ceil(1.5 * bytes * peak / bandwidth));
}

inline double tokens_per_second(double parameters, double bytes, double bandwidth) {
  return bandwidth / (parameters * bytes);
}

}  // namespace exercise::n03c
