// 04 Write an op: how is a gradient derived, written, and shown to be right?
//
//   y = x / |x|                    each row of x scaled to length 1, |x| = sqrt(sum_c x_c^2)
//   dx = (dy - y (y . dy)) / |x|
//
// The library has no such op, but much uses it: cosine similarity is the product of two such rows, and
// chapter 14 clusters items by it. Here it is derived on paper, written as the library's ops are, checked
// against finite differences and against the same thing composed of known ops, and rewritten for a GPU.
//
// New: the Jacobian, gradient checks and their step, fused and composed forms, a block of threads.
// Needs: 02. Takes less than a second. Read beside it: autograd/ops/norm.cpp and norm.cu.
#include <cmath>
#include <functional>

#include "autograd/ops.h"
#include "autograd/parallel.h"
#include "tutorials/lesson.h"

namespace {

using ag::real, ag::Tensor;
using lesson::check, lesson::largest_difference, lesson::normal;

// --- The derivation
//
// One row, s = |x|. From s^2 = sum x_c^2 follows ds/dx_j = x_j / s = y_j. With y_i = x_i / s the quotient
// rule gives the Jacobian, where [i = j] is 1 if i = j and else 0,
//
//   dy_i/dx_j = [i = j] / s - x_i (ds/dx_j) / s^2 = ([i = j] - y_i y_j) / s
//
// The chain rule sums over the results, dx_j = sum_i dy_i (dy_i/dx_j), where on the left and in front `dy` is
// the gradient of the loss. So dx = (dy - y (y . dy)) / s: what points along y is taken out. That must be so,
// since a longer x has the same y. The Jacobian has C^2 numbers and is never made: backward needs two dot
// products.

// --- The kernels: plain functions on contiguous memory that neither allocate nor check

// y (R,C), inverse (R) = 1 / |x| is kept for backward; x (R,C). A row of zeros has no direction: 1/eps is
// large but finite, and 0 stays 0.
constexpr real kEps = 1e-12F;
void unit_rows_forward(real* y, real* inverse, const real* x, int64_t R, int64_t C) {
  ag::parallel_for(R, C, [&](int64_t r) {
    real squares = 0;
    for (int64_t c = 0; c < C; ++c) squares += x[r * C + c] * x[r * C + c];
    inverse[r] = 1 / std::max(std::sqrt(squares), kEps);
    for (int64_t c = 0; c < C; ++c) y[r * C + c] = x[r * C + c] * inverse[r];
  });
}

void unit_rows_backward(real* dx, const real* dy, const real* y, const real* inverse, int64_t R, int64_t C) {
  ag::parallel_for(R, C, [&](int64_t r) {
    real along = 0;  // y . dy
    for (int64_t c = 0; c < C; ++c) along += y[r * C + c] * dy[r * C + c];
    for (int64_t c = 0; c < C; ++c) dx[r * C + c] = (dy[r * C + c] - y[r * C + c] * along) * inverse[r];
  });
}

// --- The op: checks, memory, kernel, and beside it the lambda that is its backward

Tensor unit_rows(const Tensor& x) {
  AG_CHECK(x.rank() == 2, "unit_rows: expected a matrix, but x has shape ", x.shape());
  const int64_t R = x.dim(0), C = x.dim(1);
  Tensor y = ag::empty_like(x), inverse = Tensor::empty({R});
  unit_rows_forward(y.data(), inverse.data(), x.data(), R, C);
  // The lambda keeps y and inverse, not x: with them backward has all it needs. It holds y detached, since y
  // with its history would own the node that owns the lambda that owns y, and nobody would ever free it.
  return ag::record("unit_rows", y, {x},
                    [y = y.detach(), inverse, R, C](const Tensor& dy, const ag::Needs&) -> ag::Grads {
                      Tensor dx = ag::empty_like(dy);
                      unit_rows_backward(dx.data(), dy.data(), y.data(), inverse.data(), R, C);
                      return {dx};
                    });
}

// The same from ops that are known to be right: 1/|x| = exp(-log(sum x^2) / 2), and a product with a row of
// ones repeats it along the row. It is the definition, and the oracle of the fused form.
Tensor inverse_lengths(const Tensor& x) {  // (R,C)
  const Tensor inverse = ag::exp(ag::scale(ag::log(ag::sum_columns(ag::mul(x, x))), -0.5));
  return ag::matmul(ag::reshape(inverse, {x.dim(0), 1}), Tensor::full({1, x.dim(1)}, 1));
}
Tensor unit_rows_composed(const Tensor& x) { return ag::mul(x, inverse_lengths(x)); }

// A mistake that looks right: the length is taken for a constant, so the term with y . dy is missing.
Tensor unit_rows_mistaken(const Tensor& x) { return ag::mul(x, inverse_lengths(x).detach()); }

// --- The gradient check

using Op = std::function<Tensor(const Tensor&)>;

// Any result becomes a number by a random projection r: L = sum(y r), whose gradient goes through all of y.
Tensor gradient_of(const Op& op, const Tensor& at, const Tensor& r) {
  const Tensor x = at.clone().set_requires_grad();
  ag::backward(op(x), r);
  return x.grad();
}

// The largest difference of dx from central differences (L(x + h) - L(x - h)) / 2h, as a share of the largest
// gradient. All elements are checked: a mistake may sit in one of them. The differences of y are taken before
// the sum, and the sum is in double, so that only y itself is rounded to float.
double gradient_error(const Op& op, const Tensor& at, const Tensor& r, double h) {
  const Tensor dx = gradient_of(op, at, r);
  const auto result_at = [&](int64_t j, double shift) {
    const Tensor moved = at.clone();
    moved.data()[j] += static_cast<real>(shift);
    return op(moved);
  };
  double worst = 0, largest = 0;
  for (int64_t j = 0; j < at.numel(); ++j) {
    const Tensor above = result_at(j, h), below = result_at(j, -h);
    double slope = 0;
    for (int64_t i = 0; i < r.numel(); ++i)
      slope += (double(above.data()[i]) - below.data()[i]) / (2 * h) * r.data()[i];
    worst = std::max(worst, std::abs(slope - dx.data()[j]));
    largest = std::max(largest, std::abs(slope));
  }
  return worst / largest;
}

// --- The CUDA twin
//
// A GPU gives each row a block of kThreads threads. Thread t takes the elements t, t + kThreads, ... and the
// sum over the row is made by all of them together: block.sum_of adds each thread's part in shared memory, in
// the same order every time. In norm.cu such a kernel reads
//
//   for_each_row(R, [=] __device__(int64_t r, const Block& block) { unit_row_backward(r, block, ...); });
//
// Nothing in the body knows what a GPU is. So here it runs on the CPU, with a block that does the work of its
// threads one after the other; in the library tests/cuda_on_host does this properly, with threads that wait.
constexpr int64_t kThreads = 4;
struct SerialBlock {
  int64_t thread;
  template <class F>
  real sum_of(int64_t n, const F& f) const {
    real total = 0;
    for (int64_t t = 0; t < kThreads; ++t) {
      for (int64_t i = t; i < n; i += kThreads) total += f(i);
    }
    return total;
  }
};

template <class Block>
void unit_row_backward(int64_t r, const Block& block, real* dx, const real* dy, const real* y,
                       const real* inverse, int64_t C) {
  const real along = block.sum_of(C, [&](int64_t c) { return y[r * C + c] * dy[r * C + c]; });
  for (int64_t c = block.thread; c < C; c += kThreads)
    dx[r * C + c] = (dy[r * C + c] - y[r * C + c] * along) * inverse[r];
}

void chapter(const lesson::Options& options) {
  const int64_t R = 4, C = 6;
  const Tensor x = normal("x", {R, C}, options.seed), r = normal("r", {R, C}, options.seed);

  lesson::heading(
      "1. dx against finite differences with step h: the error as a share of the largest gradient");
  // The V of every numerical derivative. A large h sees the curve of the function, an error of about h^2. A
  // small h divides the rounding of y by h, and float rounds to 6e-8. The best h, where both are equal, is
  // near the cube root of the rounding. Double rounds to 1e-16, so the library's own tests check gradients in
  // double.
  double best = 1;
  for (const double h : {0.3, 0.1, 0.03, 0.01, 3e-3, 1e-3, 1e-4, 1e-5, 1e-6}) {
    const double error = gradient_error(unit_rows, x, r, h);
    best = std::min(best, error);
    fmt::print("h = {:<7g} error {:.1e}  {}\n", h, error, lesson::bar(1 + std::log10(error) / 6));
  }
  check(best < 1e-3, "dx is the slope of the loss");

  lesson::heading("2. The same check on a mistake: the length taken for a constant");
  const double h = 1e-2, mistaken = gradient_error(unit_rows_mistaken, x, r, h);
  fmt::print("error {:.2f}\n", mistaken);
  check(mistaken > 0.05, "the check finds it");

  lesson::heading("3. What must hold whatever the numbers are");
  const Tensor y = unit_rows(x), dx = gradient_of(unit_rows, x, r);
  double length = 0, radial = 0;
  for (int64_t row = 0; row < R; ++row) {
    double squares = 0, along = 0;
    for (int64_t c = row * C; c < (row + 1) * C; ++c) {
      squares += double(y.data()[c]) * y.data()[c];
      along += double(x.data()[c]) * dx.data()[c];
    }
    length = std::max(length, std::abs(squares - 1));
    radial = std::max(radial, std::abs(along));
  }
  check(length < 1e-5, "every row has length 1");
  check(radial < 1e-5, "dx is at right angles to x: a longer x has the same y");
  check(largest_difference(unit_rows(ag::scale(x, 3)), y) < 1e-6, "3 x has the same y");
  check(unit_rows(Tensor::zeros({1, C})).values() == std::vector<real>(size_t(C), 0), "zeros stay zeros");

  lesson::heading("4. Fused and composed: the same numbers, fewer nodes, less memory");
  const auto measure = [&](const char* name, const Op& op) {
    const Tensor large = Tensor::full({1000, 64}, 1).set_requires_grad();
    const int64_t before = ag::memory_stats().in_use;
    const Tensor result = op(large);
    const std::string graph = ag::graph_to_string(result);
    const int64_t kept = ag::memory_stats().in_use - before;
    fmt::print("{:<9} {} nodes, {:.0f} KiB kept for (1000, 64)\n", name, std::ranges::count(graph, '\n'),
               double(kept) / 1024);
    return kept;
  };
  check(measure("fused", unit_rows) < measure("composed", unit_rows_composed), "the fused form keeps less");
  check(largest_difference(y, unit_rows_composed(x)) < 1e-5, "y is the same");
  check(largest_difference(dx, gradient_of(unit_rows_composed, x, r)) < 1e-4, "dx is the same");

  lesson::heading("5. The CUDA form of backward, run by a block of 4 threads");
  Tensor inverse = Tensor::empty({R}), again = Tensor::empty({R, C}), from_block = Tensor::empty({R, C});
  unit_rows_forward(again.data(), inverse.data(), x.data(), R, C);
  for (int64_t row = 0; row < R; ++row) {
    for (int64_t t = 0; t < kThreads; ++t)
      unit_row_backward(row, SerialBlock{t}, from_block.data(), r.data(), y.data(), inverse.data(), C);
  }
  check(largest_difference(from_block, dx) < 1e-5, "dx is the same");
  fmt::print("\nNext: a model is parameters with names, and an optimiser that steps them. 05 builds both.\n");
}

}  // namespace

int main(int argc, char** argv) { return lesson::run(argc, argv, {}, chapter); }
