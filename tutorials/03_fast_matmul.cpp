// 03 Fast matmul: how close can C = A B come to what the machine can do, and what prevents it?
//
//   C[i][j] = sum_k A[i][k] B[k][j]        2 n^3 floating-point operations on 3 n^2 numbers
//
// Seven programs compute the same product. Each removes one obstacle: strided memory access, a full cache,
// loads and stores between operations, one core. The last two are the libraries that ag::matmul calls. Every
// product is compared with the first, and timed against the peak of this machine, measured in the same run.
//
// New: arithmetic intensity, tiles, registers, vectors, threads. Needs: 02. Takes 3 s.
// Read beside it: autograd/gemm.cpp; the same ideas on a GPU: autograd/gemm.cu.
#include <Eigen/Core>
#include <functional>

#include "autograd/gemm.h"
#include "autograd/ops.h"
#include "autograd/parallel.h"
#include "tutorials/figures.h"

namespace {

using ag::Tensor;
using lesson::check;

// --- 1. What the machine can do

// A vector register holds several numbers, and one instruction (FMA) does a x + b for all of them: that is 2
// operations a number. g++ writes such a register as a type; + and * on it are single instructions.
#ifdef __AVX512F__
constexpr int kBytes = 64;
#else
constexpr int kBytes = 32;
#endif
constexpr int64_t kLanes = kBytes / sizeof(float);
typedef float Vector __attribute__((vector_size(kBytes)));
typedef float Unaligned __attribute__((vector_size(kBytes), aligned(4), may_alias));

Vector load(const float* x) { return *reinterpret_cast<const Unaligned*>(x); }
void store(float* x, Vector v) { *reinterpret_cast<Unaligned*>(x) = v; }

// A core starts one or two FMAs a cycle, but each takes four cycles until its result can be used. So it needs
// about eight that do not wait for each other: a sum in one variable would reach an eighth of the peak.
constexpr int kChains = 12;
float fma_chains(int64_t rounds) {
  Vector sum[kChains] = {}, a = Vector{} + 0.999f, b = Vector{} + 1e-3f;
  for (int64_t i = 0; i < rounds; ++i) {
#pragma GCC unroll 12
    for (int c = 0; c < kChains; ++c) sum[c] = sum[c] * a + b;
  }
  float total = 0;
  for (int c = 0; c < kChains; ++c) total += sum[c][0];
  return total;
}

// Operations per second of `threads` threads that do nothing but FMAs.
double measured_peak(int threads) {
  const int64_t rounds = 4'000'000;
  float keep = 0;
  const lesson::Stopwatch watch;
#pragma omp parallel for num_threads(threads) reduction(+ : keep)
  for (int t = 0; t < threads; ++t) keep += fma_chains(rounds);
  const double time = watch.seconds();
  // The result is used, or the compiler would leave out the loop.
  check(keep > 0, fmt::format("{} thread{}: the FMAs have a result", threads, threads > 1 ? "s" : ""));
  return 2.0 * kLanes * kChains * static_cast<double>(rounds) * threads / time;
}

// --- 2. The ladder. A, B and C are (n,n), row-major; C is zero before.

// As the formula says. The inner loop walks down a column of B: every step is in another cache line, of which
// it uses 4 of 64 bytes. And it is a sum into one variable, which the compiler may not split into several,
// because floating-point addition is not associative.
void naive(int64_t n, const float* A, const float* B, float* C) {
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t j = 0; j < n; ++j) {
      for (int64_t k = 0; k < n; ++k) C[i * n + j] += A[i * n + k] * B[k * n + j];
    }
  }
}

// Two loops change places, and nothing else. Now the inner loop walks along a row of B and a row of C, and
// its steps are independent: the compiler makes vector instructions of it.
void reordered(int64_t n, const float* A, const float* B, float* C) {
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t k = 0; k < n; ++k) {
      const float a = A[i * n + k];
      for (int64_t j = 0; j < n; ++j) C[i * n + j] += a * B[k * n + j];
    }
  }
}

// For every row of C all of B comes through the cache, 4 n^2 bytes. Once B is larger than the cache, the core
// waits for memory. A tile of B of 64 x 512 numbers, 128 KiB, stays in the second-level cache while all rows
// of A use it.
void blocked(int64_t n, const float* A, const float* B, float* C) {
  constexpr int64_t kDepth = 64, kWidth = 512;
  for (int64_t j0 = 0; j0 < n; j0 += kWidth) {
    for (int64_t k0 = 0; k0 < n; k0 += kDepth) {
      for (int64_t i = 0; i < n; ++i) {
        for (int64_t k = k0; k < std::min(n, k0 + kDepth); ++k) {
          const float a = A[i * n + k];
          for (int64_t j = j0; j < std::min(n, j0 + kWidth); ++j) C[i * n + j] += a * B[k * n + j];
        }
      }
    }
  }
}

// Each FMA above needs two loads and a store: of B, and of C there and back. Here a tile of C of 6 rows and 2
// vectors lives in 12 registers while k runs. A step of k loads 2 vectors of B and 6 numbers of A and does 12
// FMAs: operations for each number loaded, the arithmetic intensity, are what counts. `panel` is a strip of
// B, (K, 2 vectors), copied so that it lies in one piece.
constexpr int64_t kRows = 6, kColumns = 2 * kLanes;
template <int64_t R>
void tile(int64_t K, int64_t n, const float* A, const float* panel, float* C) {
  Vector c[R][2];
#pragma GCC unroll 6
  for (int64_t r = 0; r < R; ++r) c[r][0] = load(C + r * n), c[r][1] = load(C + r * n + kLanes);
  for (int64_t k = 0; k < K; ++k) {
    const Vector b0 = load(panel + k * kColumns), b1 = load(panel + k * kColumns + kLanes);
#pragma GCC unroll 6
    for (int64_t r = 0; r < R; ++r) {
      const float a = A[r * n + k];
      c[r][0] += a * b0;
      c[r][1] += a * b1;
    }
  }
#pragma GCC unroll 6
  for (int64_t r = 0; r < R; ++r) store(C + r * n, c[r][0]), store(C + r * n + kLanes, c[r][1]);
}

// Rows [begin, end) of C. n is a multiple of kColumns, so that no tile hangs over the edge of a row.
void in_registers(int64_t begin, int64_t end, int64_t n, const float* A, const float* B, float* C) {
  constexpr int64_t kDepth = 128;
  alignas(64) float panel[kDepth * kColumns];  // 16 KiB: half of the first-level cache
  for (int64_t k0 = 0; k0 < n; k0 += kDepth) {
    const int64_t K = std::min(kDepth, n - k0);
    for (int64_t j = 0; j < n; j += kColumns) {
      for (int64_t k = 0; k < K; ++k) std::copy_n(B + (k0 + k) * n + j, kColumns, panel + k * kColumns);
      int64_t i = begin;
      for (; i + kRows <= end; i += kRows) tile<kRows>(K, n, A + i * n + k0, panel, C + i * n + j);
      for (; i < end; ++i) tile<1>(K, n, A + i * n + k0, panel, C + i * n + j);
    }
  }
}
void vectorised(int64_t n, const float* A, const float* B, float* C) { in_registers(0, n, n, A, B, C); }

// Each thread has rows of its own, so nobody waits for anybody, and the sums keep their order: the result
// does not depend on the number of threads.
void threads(int64_t n, const float* A, const float* B, float* C) {
  const int64_t T = ag::thread_count();
  ag::parallel_for(T, n * n * n / T,
                   [&](int64_t t) { in_registers(n * t / T, n * (t + 1) / T, n, A, B, C); });
}

// --- The libraries, in the same ladder: more packing, tiles for three levels of cache, own kernels

void eigen(int64_t n, const float* A, const float* B, float* C) {
  using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  Eigen::Map<Matrix>(C, n, n).noalias() =
      Eigen::Map<const Matrix>(A, n, n) * Eigen::Map<const Matrix>(B, n, n);
}

struct Rung {
  const char *name, *idea;
  std::function<void(int64_t, const float*, const float*, float*)> multiply;
};

void chapter(const lesson::Options& options) {
  lesson::heading("1. The peak: nothing but FMAs, in registers");
  const int cores = ag::thread_count();
  const double one = measured_peak(1), all = cores > 1 ? measured_peak(cores) : one;
  fmt::print("one thread {:.0f} GFLOP/s, {} threads {:.0f} GFLOP/s, vectors of {} floats\n", one / 1e9, cores,
             all / 1e9, kLanes);

  const int64_t n = options.quick ? 384 : 1152;
  AG_CHECK(n % kColumns == 0, "n is ", n, "; expected a multiple of ", kColumns, ", the width of a tile");
  const Tensor A = lesson::normal("A", {n, n}, options.seed), B = lesson::normal("B", {n, n}, options.seed);
  std::vector<Rung> rungs{{"naive", "as the formula says", naive},
                          {"reordered", "the inner loop walks along rows", reordered},
                          {"blocked", "a tile of B stays in the cache", blocked},
                          {"vectorised", "a tile of C stays in registers", vectorised},
                          {"threads", "rows are shared out", threads},
                          {"Eigen", "", eigen}};
  // oneDNN through the library: set_gemm_backend chooses what ag::matmul calls.
  if (ag::has_onednn()) {
    ag::set_gemm_backend(ag::GemmBackend::OneDNN);
    rungs.push_back({"oneDNN", "ag::matmul's default", [&](int64_t, const float*, const float*, float* C) {
                       const Tensor product = ag::matmul(A, B);
                       std::copy_n(product.data(), product.numel(), C);
                     }});
  }

  lesson::heading(fmt::format("2. C = A B with n = {}: {:.2f} GFLOP", n, 2e-9 * double(n * n * n)));
  fmt::print("{:<11} {:>9} {:>9} {:>7}\n", "", "ms", "GFLOP/s", "of peak");
  Tensor first;
  std::vector<std::string> unequal;
  std::vector<p2rec::Bar> ladder;
  for (const Rung& rung : rungs) {
    // The best of three, since whatever else runs on the machine can only make it slower; the slow ones once.
    double best = INFINITY;
    Tensor C;
    for (int repeat = 0; repeat < 3 && (repeat == 0 || best < 0.5); ++repeat) {
      C = Tensor::zeros({n, n});
      const lesson::Stopwatch watch;
      rung.multiply(n, A.data(), B.data(), C.data());
      best = std::min(best, watch.seconds());
    }
    if (!first.defined()) first = C;
    // Sums in another order differ by rounding: of n products of standard normals, about 1e-7 sqrt(n) each.
    if (!(lesson::largest_difference(C, first) < 1e-5 * std::sqrt(double(n)))) unequal.push_back(rung.name);
    const double rate = 2 * double(n * n * n) / best;
    fmt::print("{:<11} {:9.1f} {:9.1f} {:6.1f}%  {:<32} {}\n", rung.name, 1e3 * best, rate / 1e9,
               100 * rate / all, rung.idea, lesson::bar(rate / all, 30));
    ladder.push_back({rung.name, rate / 1e9, fmt::format("{:.1f}", rate / 1e9)});
  }
  ladder.push_back({"only FMAs", all / 1e9, fmt::format("{:.1f}", all / 1e9)});
  lesson::bars(options, "ladder", "GFLOP/s of each program, and the peak", ladder);
  // Times are printed and never checked: another program on the machine would make this one fail.
  check(unequal.empty(), unequal.empty() ? "all products are equal up to rounding"
                                         : fmt::format("equal up to rounding: {}", fmt::join(unequal, ", ")));
  fmt::print(
      "\nNext: a matrix product is an op like any other. 04 writes a new one, forward and backward.\n");
}

}  // namespace

int main(int argc, char** argv) { return lesson::run(argc, argv, {}, chapter); }
