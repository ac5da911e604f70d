#include "autograd/ops/launch.cuh"

namespace ag::cuda {

void rotary(real* y, const real* x, const real* cosine, const real* sine, int64_t N, int64_t H, int64_t D,
            int direction) {
  const int64_t half = D / 2;
  for_each(N * H * half, [=] __device__(int64_t i) {
    const int64_t token = i / (H * half), d = i % half, a = i / half * D + d, b = a + half;
    const real c = cosine[token * half + d], s = static_cast<real>(direction) * sine[token * half + d];
    const real xa = x[a], xb = x[b];
    y[a] = xa * c - xb * s;
    y[b] = xb * c + xa * s;
  });
}

}  // namespace ag::cuda
