// exp and the functions made of it, written so that a loop over them becomes vector instructions.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

#include "autograd/host_device.h"

namespace ag::math {

// e^x to about 1 unit in the last place: x = n ln 2 + r with |r| <= ln 2 / 2, a polynomial in r (the
// coefficients of Cephes' expf), and 2^n put into the exponent's bits. Below -87 the result is 0, above 88 it
// is infinity.
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

template <class T>
HOST_DEVICE T sigmoid(T x) {
  return T(1) / (T(1) + exp(-x));
}

// Made of exp where the loop is to become vector instructions: good to 1e-7 absolutely, not relatively near zero.
HOST_DEVICE inline float tanh(float x) { return 2 * sigmoid(2 * x) - 1; }
HOST_DEVICE inline double tanh(double x) { return std::tanh(x); }

}  // namespace ag::math
