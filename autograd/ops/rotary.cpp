#include <cmath>

#include "autograd/kernels.h"
#include "autograd/ops.h"
#include "autograd/parallel.h"

namespace ag {

Rotation rotation(const Tensor& positions, const std::vector<double>& inverse_frequency, Device device) {
  const int64_t N = positions.dim(0), half = static_cast<int64_t>(inverse_frequency.size());
  Rotation r{Tensor::empty({N, half}), Tensor::empty({N, half})};
  parallel_for(N, 32 * half, [&](int64_t i) {
    for (int64_t d = 0; d < half; ++d) {
      const double angle = positions.ints()[i] * inverse_frequency[static_cast<size_t>(d)];
      r.cosine.data()[i * half + d] = static_cast<real>(std::cos(angle));
      r.sine.data()[i * half + d] = static_cast<real>(std::sin(angle));
    }
  });
  return {r.cosine.to(device), r.sine.to(device)};
}

Tensor rotary(const Tensor& x, const Rotation& rotation) {
  AG_CHECK(x.rank() == 3 && x.dim(2) % 2 == 0,
           "rotary: expected x (N, H, D) with an even D but it has shape ", x.shape());
  const int64_t N = x.dim(0), H = x.dim(1), D = x.dim(2);
  AG_CHECK(rotation.cosine.shape() == (Shape{N, D / 2}), "rotary: x has shape ", x.shape(),
           " but the angles ", rotation.cosine.shape());
  const auto turned = [rotation, N, H, D](const Tensor& from, int direction) {
    Tensor y = empty_like(from);
    DISPATCH(from.device(), rotary, y, from, rotation.cosine, rotation.sine, N, H, D, direction);
    return y;
  };
  // A rotation's transpose is its inverse.
  return record("rotary", turned(x, 1), {x},
                [turned](const Tensor& dy, const Needs&) -> Grads { return {turned(dy, -1)}; });
}

namespace cpu {

void rotary(real* y, const real* x, const real* cosine, const real* sine, int64_t N, int64_t H, int64_t D,
            int direction) {
  const int64_t half = D / 2;
  parallel_for(N, H * D, [&](int64_t i) {
    for (int64_t h = 0; h < H; ++h) {
      const real *a = x + (i * H + h) * D, *b = a + half;
      real *ya = y + (i * H + h) * D, *yb = ya + half;
      for (int64_t d = 0; d < half; ++d) {
        const real c = cosine[i * half + d], s = static_cast<real>(direction) * sine[i * half + d];
        ya[d] = a[d] * c - b[d] * s;
        yb[d] = b[d] * c + a[d] * s;
      }
    }
  });
}

}  // namespace cpu
}  // namespace ag
