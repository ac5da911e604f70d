// The matrix product on CUDA. Each block computes a tile of C from tiles of A and B in shared memory; each
// thread computes 4 x 4 numbers of that tile in registers (the scheme of Volkov and Demmel, "Benchmarking
// GPUs to Tune Dense Linear Algebra", SC 2008). All in the precision of `real`: no TF32.
#include "autograd/gemm.h"
#include "autograd/ops/launch.cuh"

namespace ag::cuda {
namespace {

constexpr int kRows = 64, kColumns = 32, kDepth = 16;  // a tile of C, and the part of K read at a time
constexpr int kEach = 4;                               // a thread computes kEach x kEach numbers
static_assert(kRows * kColumns == kThreads * kEach * kEach);

// op(X), of shape (R, K). X is stored as (R, K), or as (K, R) if transposed.
struct Operand {
  const real* x;
  bool transposed;
  int64_t R, K;

  __device__ real at(int64_t r, int64_t k) const {
    return r < R && k < K ? x[transposed ? k * R + r : r * K + k] : real(0);
  }
  // tile[k][r] = op(X)[first + r][depth + k]; neighbouring threads read neighbouring numbers.
  template <int kTileRows>
  __device__ void load(real (&tile)[kDepth][kTileRows + 1], int64_t first, int64_t depth) const {
    for (int e = static_cast<int>(threadIdx.x); e < kTileRows * kDepth; e += kThreads) {
      const int r = transposed ? e % kTileRows : e / kDepth, k = transposed ? e / kTileRows : e % kDepth;
      tile[k][r] = at(first + r, depth + k);
    }
  }
};

// b is the transpose of op(B): (N, K).
__global__ void product_kernel(Operand a, Operand b, real alpha, real beta, real* C) {
  __shared__ real a_tile[kDepth][kRows + 1], b_tile[kDepth][kColumns + 1];  // + 1 avoids bank conflicts
  const int64_t tiles = (b.R + kColumns - 1) / kColumns;
  const int64_t first_row = blockIdx.x / tiles * kRows, first_column = blockIdx.x % tiles * kColumns;
  const int thread = static_cast<int>(threadIdx.x);
  const int row = thread / (kColumns / kEach), column = thread % (kColumns / kEach);
  real sum[kEach][kEach] = {};
  for (int64_t depth = 0; depth < a.K; depth += kDepth) {
    __syncthreads();  // all threads have used the previous tiles
    a.load<kRows>(a_tile, first_row, depth);
    b.load<kColumns>(b_tile, first_column, depth);
    __syncthreads();
    for (int k = 0; k < kDepth; ++k) {
      for (int i = 0; i < kEach; ++i) {
        for (int j = 0; j < kEach; ++j)
          sum[i][j] += a_tile[k][row * kEach + i] * b_tile[k][column * kEach + j];
      }
    }
  }
  for (int i = 0; i < kEach; ++i) {
    for (int j = 0; j < kEach; ++j) {
      const int64_t r = first_row + row * kEach + i, c = first_column + column * kEach + j;
      if (r >= a.R || c >= b.R) continue;
      real& out = C[r * b.R + c];
      out = alpha * sum[i][j] + (beta != 0 ? beta * out : real(0));  // the old value may be NaN
    }
  }
}

}  // namespace

void gemm(bool transpose_a, bool transpose_b, int64_t M, int64_t N, int64_t K, real alpha, const real* A,
          const real* B, real beta, real* C) {
#ifdef P2REC_CUBLAS
  if (uses_cublas() && M * N * K > 0)
    return cublas_gemm(DType::Real, transpose_a, transpose_b, M, N, K, alpha, A, B, beta, C);
#endif
  const int64_t blocks = (M + kRows - 1) / kRows * ((N + kColumns - 1) / kColumns);
  launch(product_kernel, blocks, Operand{A, transpose_a, M, K}, Operand{B, !transpose_b, N, K}, alpha, beta,
         C);
}

void gemm_bf16([[maybe_unused]] bool transpose_b, [[maybe_unused]] int64_t M, [[maybe_unused]] int64_t N,
               [[maybe_unused]] int64_t K, [[maybe_unused]] const uint16_t* A,
               [[maybe_unused]] const uint16_t* B, [[maybe_unused]] real beta, [[maybe_unused]] real* C) {
  AG_CHECK(has_bf16_products(Device::CUDA), "gemm_bf16: there are no such products here");
#ifdef P2REC_CUBLAS
  cublas_gemm(DType::BF16, false, transpose_b, M, N, K, 1, A, B, beta, C);
#endif
}

}  // namespace ag::cuda
