// exp and functions of it, written so that the compiler can vectorise a loop over them.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <numbers>

#include "autograd/host_device.h"

namespace ag::math {

// e^x to about 1 unit in the last place: x = n ln 2 + r with |r| <= ln 2 / 2; e^r is a polynomial (with the
// coefficients of Cephes' expf), and 2^n sets the exponent bits. 0 below -87, infinity above 88.
HOST_DEVICE inline float exp(float x) {
#ifdef __CUDA_ARCH__
  return ::expf(x);
#else
  const float within = x < -87.0F ? -87.0F : (x > 88.0F ? 88.0F : x);
  const float n = std::nearbyint(within * 1.44269504088896341F);
  const float r = (within - n * 0.693359375F) + n * 2.12194440e-4F;
  float p = 1.9875691500e-4F;
  p = p * r + 1.3981999507e-3F;
  p = p * r + 8.3334519073e-3F;
  p = p * r + 4.1665795894e-2F;
  p = p * r + 1.6666665459e-1F;
  p = p * r + 5.0000001201e-1F;
  p = p * r * r + r + 1.0F;
  const float y = p * std::bit_cast<float>((static_cast<int32_t>(n) + 127) << 23);
  const float low = x < -87.0F ? 0.0F : y;
  const float high = x > 88.0F ? INFINITY : low;
  return x == x ? high : x;  // NaN stays NaN
#endif
}
HOST_DEVICE inline double exp(double x) { return std::exp(x); }

// A bfloat16 is the upper half of a float. Rounds to the nearest, ties to even; NaN stays NaN.
HOST_DEVICE inline uint16_t to_bf16(float x) {
#ifdef __CUDA_ARCH__
  const uint32_t bits = __float_as_uint(x);
#else
  const auto bits = std::bit_cast<uint32_t>(x);
#endif
  const uint32_t rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
  return static_cast<uint16_t>(x == x ? rounded : 0x7FC0);
}
HOST_DEVICE inline float from_bf16(uint16_t x) {
#ifdef __CUDA_ARCH__
  return __uint_as_float(uint32_t{x} << 16);
#else
  return std::bit_cast<float>(uint32_t{x} << 16);
#endif
}

template <class T>
HOST_DEVICE T sigmoid(T x) {
  return T(1) / (T(1) + exp(-x));
}

// ln(1 + x) for 0 <= x <= 1: 2 artanh(s) with s = x / (2 + x) <= 1/3. The series s + s^3/3 + s^5/5 + ... of
// artanh has the terms that matter in a float.
HOST_DEVICE inline float log1p_up_to_one(float x) {
  const float s = x / (2 + x), s2 = s * s;
  float p = 1 / 15.0F;
  p = p * s2 + 1 / 13.0F;
  p = p * s2 + 1 / 11.0F;
  p = p * s2 + 1 / 9.0F;
  p = p * s2 + 1 / 7.0F;
  p = p * s2 + 1 / 5.0F;
  p = p * s2 + 1 / 3.0F;
  return 2 * (s + s * s2 * p);
}
HOST_DEVICE inline double log1p_up_to_one(double x) { return std::log1p(x); }

// The standard normal distribution function, to 1e-7. The tail beyond t = |x| is e^(-t R(t)) / 2 with a
// polynomial R, which is fitted on 0 <= t <= 6.5 with the smallest possible maximum error of the tail, 8e-9.
// Above 6.5 the error grows.
HOST_DEVICE inline float normal_cdf(float x) {
#ifdef __CUDA_ARCH__
  return ::normcdff(x);
#else
  const float t = x < 0 ? -x : x;
  float R = 1.96442443e-6F;
  R = R * t - 2.72886027e-5F;
  R = R * t + 1.29026826e-4F;
  R = R * t + 9.49635214e-5F;
  R = R * t - 4.89603821e-3F;
  R = R * t + 3.63876037e-2F;
  R = R * t + 3.18298846e-1F;
  R = R * t + 7.97885299e-1F;
  const float beyond = 0.5F * exp(-t * R);
  return x < 0 ? beyond : 1 - beyond;
#endif
}
HOST_DEVICE inline double normal_cdf(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }

// From exp, for vector instructions. The absolute error is 1e-7; near zero the relative error is larger.
HOST_DEVICE inline float tanh(float x) { return 2 * sigmoid(2 * x) - 1; }
HOST_DEVICE inline double tanh(double x) { return std::tanh(x); }

}  // namespace ag::math
