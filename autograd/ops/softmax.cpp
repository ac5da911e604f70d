// softmax and the losses.
#include <cmath>

#include "autograd/kernels.h"
#include "autograd/ops.h"
#include "autograd/ops/math.h"
#include "autograd/parallel.h"

namespace ag {
namespace {

// The number of rows with a target other than -1. Throws ag::Error if a target is not in [-1, V).
int64_t count_targets(const char* name, const Tensor& targets, int64_t N, int64_t V) {
  AG_CHECK(targets.shape() == Shape{N}, name, ": the targets are ", targets.shape(), " but there are ", N,
           " rows");
  int64_t count = 0;
  for (int64_t i = 0; i < N; ++i) {
    const int32_t t = targets.ints()[i];
    AG_CHECK(t >= -1 && t < V, name, ": target ", t, " of row ", i, " is not an index below ", V);
    count += t >= 0;
  }
  AG_CHECK(count > 0, name, ": no row has a target");
  return count;
}

// The sum of the rows' losses divided by `count`.
Tensor mean_loss(const Tensor& losses, int64_t count) {
  Tensor loss = Tensor::empty({}, DType::Real, losses.device());
  DISPATCH(losses.device(), sum_all, loss, losses, losses.numel());
  DISPATCH(losses.device(), scale, loss, real(1) / static_cast<real>(count), loss, 1);
  return loss;
}

// x times the gradient of a mean loss, a number that is not read back from the device.
Tensor times(const Tensor& x, const Tensor& dloss /*()*/) {
  Tensor y = empty_like(x);
  DISPATCH(x.device(), scale_by, y, dloss, x, x.numel());
  return y;
}

}  // namespace

Tensor softmax(const Tensor& x) {
  const int64_t C = x.dim(-1), R = C ? x.numel() / C : 0;
  Tensor y = empty_like(x);
  DISPATCH(x.device(), softmax_forward, y, x, R, C);
  return record("softmax", y, {x}, [y = y.detach(), R, C](const Tensor& dy, const Needs&) -> Grads {
    Tensor dx = empty_like(y);
    DISPATCH(y.device(), softmax_backward, dx, dy, y, R, C);
    return {dx};
  });
}

Tensor cross_entropy(const Tensor& logits, const Tensor& targets) {
  AG_CHECK(logits.rank() == 2, "cross_entropy: expected logits (N, V) but they have shape ", logits.shape());
  const int64_t N = logits.dim(0), V = logits.dim(1), count = count_targets("cross_entropy", targets, N, V);
  const bool needs_grad = will_record({logits});
  Tensor losses = Tensor::empty({N}, DType::Real, logits.device()),
         targets_on_device = targets.to(logits.device());
  Tensor dlogits = needs_grad ? empty_like(logits) : Tensor();  // gradient of the sum; backward scales it
  DISPATCH(logits.device(), cross_entropy, losses, dlogits, logits, targets_on_device, N, V);
  return record("cross_entropy", mean_loss(losses, count), {logits},
                [dlogits, count](const Tensor& dy, const Needs&) -> Grads {
                  return {times(dlogits, scale(dy, 1 / static_cast<double>(count)))};
                });
}

int64_t linear_cross_entropy_block(int64_t N, int64_t V) {
  constexpr int64_t kBlockElements = 1 << 20;
  return std::max<int64_t>(1, std::min(N, kBlockElements / V));
}

// Computes the gradients together with the loss, block by block, so that a block's logits are computed once.
Tensor linear_cross_entropy(const Tensor& h, const Tensor& table, const Tensor& targets) {
  AG_CHECK(h.rank() == 2 && table.rank() == 2 && h.dim(1) == table.dim(1),
           "linear_cross_entropy: h has shape ", h.shape(), " but the table ", table.shape());
  const int64_t N = h.dim(0), C = h.dim(1), V = table.dim(0);
  const int64_t count = count_targets("linear_cross_entropy", targets, N, V);
  const bool needs_grad = will_record({h, table}), dtable_needs_grad = needs_grad && table.requires_grad();
  const int64_t block = linear_cross_entropy_block(N, V);
  Tensor losses = Tensor::empty({N}, DType::Real, h.device()),
         logits = Tensor::empty({block, V}, DType::Real, h.device()),
         targets_on_device = targets.to(h.device());
  Tensor dh = needs_grad ? empty_like(h) : Tensor(),
         dtable = dtable_needs_grad ? zeros_like(table) : Tensor();
  const real each = real(1) / static_cast<real>(count);
  for (int64_t begin = 0; begin < N; begin += block) {
    const int64_t rows = std::min(block, N - begin);
    const real* hb = h.data() + begin * C;
    DISPATCH(h.device(), gemm, false, true, rows, V, C, real(1), hb, table, real(0), logits);
    DISPATCH(h.device(), cross_entropy, losses.data() + begin, needs_grad ? logits : Tensor(), logits,
             targets_on_device.ints() + begin, rows, V);
    if (needs_grad) {
      DISPATCH(h.device(), gemm, false, false, rows, C, V, each, logits, table, real(0),
               dh.data() + begin * C);
    }
    if (dtable_needs_grad) {
      DISPATCH(h.device(), gemm, true, false, V, C, rows, each, logits, hb, real(1), dtable);
    }
  }
  return record("linear_cross_entropy", mean_loss(losses, count), {h, table},
                [dh, dtable](const Tensor& dy, const Needs& needs) -> Grads {
                  return {needs[0] ? times(dh, dy) : Tensor(), needs[1] ? times(dtable, dy) : Tensor()};
                });
}

Tensor bce_with_logits(const Tensor& logits, const Tensor& labels) {
  AG_CHECK(logits.shape() == labels.shape(), "bce_with_logits: the logits have shape ", logits.shape(),
           " but the labels ", labels.shape());
  AG_CHECK(!labels.requires_grad(),
           "bce_with_logits: the labels require grad but get no gradient; hint: detach() them");
  const int64_t n = logits.numel();
  AG_CHECK(n > 0, "bce_with_logits: there are no logits");
  Tensor losses = empty_like(logits), dlogits = empty_like(logits);
  DISPATCH(logits.device(), bce_with_logits, losses, dlogits, logits, labels, n);
  return record("bce_with_logits", mean_loss(losses, n), {logits},
                [dlogits, n](const Tensor& dy, const Needs&) -> Grads {
                  return {times(dlogits, scale(dy, 1 / static_cast<double>(n)))};
                });
}

Tensor mse(const Tensor& x, const Tensor& target) {
  AG_CHECK(x.shape() == target.shape(), "mse: x has shape ", x.shape(), " but the target ", target.shape());
  const Tensor difference = sub(x, target);
  return mean(mul(difference, difference));
}

namespace cpu {
namespace {

// Sets y = exp(x - max), returns the sum of y and writes the maximum to `largest`.
real exp_row(real* y, const real* x, int64_t C, real* largest) {
  real top = -INFINITY, sum = 0;
#pragma omp simd reduction(max : top)
  for (int64_t c = 0; c < C; ++c) top = x[c] > top ? x[c] : top;
#pragma omp simd reduction(+ : sum)
  for (int64_t c = 0; c < C; ++c) {
    const real e = math::exp(x[c] - top);
    y[c] = e;
    sum += e;
  }
  *largest = top;
  return sum;
}

}  // namespace

void softmax_forward(real* y, const real* x, int64_t R, int64_t C) {
  parallel_for(R, 8 * C, [&](int64_t r) {
    real top;
    const real factor = 1 / exp_row(y + r * C, x + r * C, C, &top);
    for (int64_t c = 0; c < C; ++c) y[r * C + c] *= factor;
  });
}

// dx = y (dy - sum(dy y))
void softmax_backward(real* dx, const real* dy, const real* y, int64_t R, int64_t C) {
  parallel_for(R, 4 * C, [&](int64_t r) {
    real dot = 0;
#pragma omp simd reduction(+ : dot)
    for (int64_t c = 0; c < C; ++c) dot += dy[r * C + c] * y[r * C + c];
    for (int64_t c = 0; c < C; ++c) dx[r * C + c] = y[r * C + c] * (dy[r * C + c] - dot);
  });
}

void cross_entropy(real* loss, real* dlogits, const real* logits, const int32_t* targets, int64_t R,
                   int64_t V) {
  parallel_for(R, 8 * V, [&](int64_t r) {
    const real* x = logits + r * V;
    real* dx = dlogits ? dlogits + r * V : nullptr;
    if (targets[r] < 0) {
      loss[r] = 0;
      for (int64_t v = 0; dx && v < V; ++v) dx[v] = 0;
      return;
    }
    const real at_target = x[targets[r]];
    real top = -INFINITY, sum = 0;
    if (dx) {
      sum = exp_row(dx, x, V, &top);
      const real factor = 1 / sum;
      for (int64_t v = 0; v < V; ++v) dx[v] *= factor;
      dx[targets[r]] -= 1;
    } else {
#pragma omp simd reduction(max : top)
      for (int64_t v = 0; v < V; ++v) top = x[v] > top ? x[v] : top;
#pragma omp simd reduction(+ : sum)
      for (int64_t v = 0; v < V; ++v) sum += math::exp(x[v] - top);
    }
    loss[r] = top + std::log(sum) - at_target;
  });
}

void bce_with_logits(real* loss, real* dx, const real* x, const real* labels, int64_t n) {
  parallel_chunks(n, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      loss[i] =
          (x[i] > 0 ? x[i] : real(0)) - x[i] * labels[i] + math::log1p_up_to_one(math::exp(-std::abs(x[i])));
      dx[i] = math::sigmoid(x[i]) - labels[i];
    }
  });
}

}  // namespace cpu
}  // namespace ag
