// 03c The roofline.
//
// A machine does at most `peak` operations a second, and reads at most `bandwidth` bytes a second. Which of
// the two limits a computation? Its arithmetic intensity says so: operations for each byte that must be
// moved. (Williams, Waterman and Patterson 2009)
//
// The product of (M,K) and (K,N) does a multiplication and an addition for each i, j, k. At best A and B are
// read once and C is written once. Compare n = 4096 with a single vector, K by 1: that is what a language
// model does for each token that it writes.
//
// Hint 1: 2 M K N operations, M K + K N + M N numbers.
// Hint 2: The time is at least operations / peak, and at least bytes / bandwidth.
// Hint 3: With M = K = N = n the intensity is 2 n / (3 bytes). At which n is intensity times bandwidth the
// peak?
#pragma once

#include <cstdint>

#include "tutorials/exercises/grade.h"

namespace exercise::n03c {

// Operations per byte of (M,K) (K,N) -> (M,N); each number has `bytes` bytes.
inline double intensity(int64_t M, int64_t K, int64_t N, double bytes) {
  throw NotImplemented("the intensity");
}

// The most operations a second that a computation of this intensity can reach.
inline double roofline(double peak, double bandwidth, double intensity) {
  throw NotImplemented("the roofline");
}

// The smallest n for which the product of two (n,n) matrices can reach the peak.
inline int64_t smallest_square(double peak, double bandwidth, double bytes) {
  throw NotImplemented("the smallest square product that is not limited by memory");
}

// How many tokens a second a language model can write at most: all its parameters are read for each.
inline double tokens_per_second(double parameters, double bytes, double bandwidth) {
  throw NotImplemented("tokens per second");
}

}  // namespace exercise::n03c
