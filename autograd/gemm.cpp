#include "autograd/gemm.h"

#include <Eigen/Core>
#include <algorithm>
#include <cstdlib>
#include <string>

#include "autograd/check.h"
#include "autograd/kernels.h"
#ifdef P2REC_ONEDNN
#include <malloc.h>
#include <dnnl.hpp>
#endif

namespace ag {
namespace {

using Matrix = Eigen::Matrix<real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Stride = Eigen::OuterStride<>;
using Map = Eigen::Map<Matrix, 0, Stride>;
using ConstMap = Eigen::Map<const Matrix, 0, Stride>;

template <class A, class B>
void eigen_product(const A& a, const B& b, real alpha, real beta, Map c) {
  if (beta == 0) {
    c.noalias() = alpha * (a * b);
  } else {
    if (beta != 1) c *= beta;
    c.noalias() += alpha * (a * b);
  }
}

// A row of A begins lda numbers after the one before it; ldb and ldc are the same for B and C.
void eigen_gemm(bool transpose_a, bool transpose_b, int64_t M, int64_t N, int64_t K, real alpha,
                const real* A, int64_t lda, const real* B, int64_t ldb, real beta, real* C, int64_t ldc) {
  const ConstMap a(A, transpose_a ? K : M, transpose_a ? M : K, Stride(lda)),
      b(B, transpose_b ? N : K, transpose_b ? K : N, Stride(ldb));
  Map c(C, M, N, Stride(ldc));
  if (transpose_a && transpose_b) {
    eigen_product(a.transpose(), b.transpose(), alpha, beta, c);
  } else if (transpose_a) {
    eigen_product(a.transpose(), b, alpha, beta, c);
  } else if (transpose_b) {
    eigen_product(a, b.transpose(), alpha, beta, c);
  } else {
    eigen_product(a, b, alpha, beta, c);
  }
}

// The environment variable's value: one of two libraries, or "default".
std::string wish(const char* variable, const std::string& a, const std::string& b) {
  const char* value = std::getenv(variable);
  const std::string name = value ? value : "default";
  INPUT_CHECK(name == "default" || name == a || name == b, variable, ": found '", name, "', expected ", a,
              ", ", b, " or default");
  return name;
}

GemmBackend initial_backend() {
  const std::string name = wish("P2REC_GEMM", "eigen", "onednn");
  INPUT_CHECK(name != "onednn" || has_onednn(),
              "P2REC_GEMM: oneDNN was not built in; hint: install libdnnl-dev and build again");
  return name == "eigen" || !has_onednn() ? GemmBackend::Eigen : GemmBackend::OneDNN;
}

bool initially_cublas() {
  const std::string name = wish("P2REC_CUDA_GEMM", "cublas", "tiled");
  INPUT_CHECK(name != "cublas" || has_cublas(),
              "P2REC_CUDA_GEMM: cuBLAS was not built in; hint: install it and build again");
  return name != "tiled" && has_cublas();
}

GemmBackend& backend() {
  static GemmBackend current = initial_backend();
  return current;
}

#ifdef P2REC_ONEDNN
// C = A op(B) + beta C, beta 0 or 1, by oneDNN's product primitive: the only one for BF16, and faster than
// its sgemm if C has few columns. oneDNN keeps the primitives of the latest shapes.
void onednn_product(dnnl::memory::data_type type, bool transpose_b, int64_t M, int64_t N, int64_t K,
                    const void* A, const void* B, real beta, real* C) {
  using dnnl::memory, dnnl::matmul;
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  static thread_local dnnl::stream stream(engine);
  const auto matrix = [&](int64_t rows, int64_t columns, bool transposed, memory::data_type of) {
    return memory::desc({rows, columns}, of, transposed ? memory::dims{1, rows} : memory::dims{columns, 1});
  };
  const memory::desc a = matrix(M, K, false, type), b = matrix(K, N, transpose_b, type),
                     c = matrix(M, N, false, memory::data_type::f32);
  dnnl::primitive_attr attributes;
  if (beta != 0) {
    dnnl::post_ops then;
    then.append_sum(beta);
    attributes.set_post_ops(then);
  }
#if DNNL_VERSION_MAJOR >= 3
  const matmul::primitive_desc chosen(engine, a, b, c, attributes);
#else
  const matmul::primitive_desc chosen(matmul::desc(a, b, c), attributes, engine);
#endif
  matmul(chosen).execute(stream, {{DNNL_ARG_SRC, memory(a, engine, const_cast<void*>(A))},
                                  {DNNL_ARG_WEIGHTS, memory(b, engine, const_cast<void*>(B))},
                                  {DNNL_ARG_DST, memory(c, engine, C)}});
  stream.wait();
}

bool processor_has_bf16() {
#ifdef __x86_64__
  return __builtin_cpu_supports("avx512bf16");
#else
  return false;
#endif
}

void onednn_sgemm(bool transpose_a, bool transpose_b, int64_t M, int64_t N, int64_t K, real alpha,
                  const real* A, int64_t lda, const real* B, int64_t ldb, real beta, real* C, int64_t ldc) {
  const dnnl_status_t status = dnnl_sgemm(transpose_a ? 'T' : 'N', transpose_b ? 'T' : 'N', M, N, K, alpha, A,
                                          lda, B, ldb, beta, C, ldc);
  AG_CHECK(status == dnnl_success, "gemm: oneDNN failed with status ", int(status), " for ", M, " x ", N,
           " x ", K);
}

// For few columns (LoRA's), sgemm takes up to twice as long as the primitive, and for few columns and a
// transposed A twice as long as for the transposed product; bench/gemm_bench.cpp measures both. A new shape
// of the primitive costs 0.3 ms.
constexpr int64_t kFewColumns = 16, kWorthIt = 1 << 21;

void onednn_gemm(bool transpose_a, bool transpose_b, int64_t M, int64_t N, int64_t K, real alpha,
                 const real* A, const real* B, real beta, real* C) {
  const bool few = N <= kFewColumns && M > kFewColumns && M * N * K > kWorthIt && alpha == 1;
  if (few && !transpose_a)
    return onednn_product(dnnl::memory::data_type::f32, transpose_b, M, N, K, A, B, beta, C);
  if (few && beta == 0) {  // C^T = op(B)^T A^T has few rows, which is no problem
    Matrix transposed(N, M);
    onednn_gemm(!transpose_b, false, N, M, K, 1, B, A, 0, transposed.data());
    Map(C, M, N, Stride(N)) = transposed.transpose();
    return;
  }
  onednn_sgemm(transpose_a, transpose_b, M, N, K, alpha, A, transpose_a ? M : K, B, transpose_b ? K : N, beta,
               C, N);
}
#endif

bool& cublas() {
  static bool use = initially_cublas();
  return use;
}

bool bf16_products = true;

}  // namespace

bool has_bf16_products(Device device) {
  if (device == Device::CUDA) return bf16_products && uses_cublas();
#ifdef P2REC_ONEDNN
  return bf16_products && backend() == GemmBackend::OneDNN && processor_has_bf16();
#else
  return false;
#endif
}

void set_bf16_products(bool use) { bf16_products = use; }

void keep_freed_memory() {
#if defined(P2REC_ONEDNN) && defined(__GLIBC__)
  mallopt(M_MMAP_THRESHOLD, 1 << 25);  // bytes; the largest value that glibc accepts
  mallopt(M_TRIM_THRESHOLD, 1 << 28);
#endif
}

bool has_onednn() {
#ifdef P2REC_ONEDNN
  return true;
#else
  return false;
#endif
}

GemmBackend gemm_backend() { return backend(); }

void set_gemm_backend(GemmBackend wanted) {
  AG_CHECK(wanted == GemmBackend::Eigen || has_onednn(), "set_gemm_backend: oneDNN was not built in");
  backend() = wanted;
}

bool has_cublas() {
#ifdef P2REC_CUBLAS
  return true;
#else
  return false;
#endif
}

bool uses_cublas() { return cublas(); }

void set_cublas(bool use) {
  AG_CHECK(!use || has_cublas(), "set_cublas: cuBLAS was not built in");
  cublas() = use;
}

std::string gemm_backend_name(Device device) {
#ifdef P2REC_CUBLAS
  if (device == Device::CUDA && uses_cublas()) return message("cuBLAS ", cuda::cublas_version());
#endif
  if (device == Device::CUDA) return "the tiled kernel";
#ifdef P2REC_ONEDNN
  if (backend() == GemmBackend::OneDNN) {
    const dnnl_version_t* version = dnnl_version();
    return message("oneDNN ", version->major, '.', version->minor, '.', version->patch);
  }
#endif
  return message("Eigen ", EIGEN_WORLD_VERSION, '.', EIGEN_MAJOR_VERSION, '.', EIGEN_MINOR_VERSION);
}

namespace cpu {

void gemm(bool transpose_a, bool transpose_b, int64_t M, int64_t N, int64_t K, real alpha, const real* A,
          const real* B, real beta, real* C) {
  KernelTimer::product(M, N, K);
  if (M == 0 || N == 0) return;
  if (K == 0) {  // beta = 0 writes zeros, also over NaN: 0 * NaN would be NaN
    if (beta == 0) {
      std::fill_n(C, M * N, real(0));
    } else {
      scale(C, beta, C, M * N);
    }
    return;
  }
#ifdef P2REC_ONEDNN
  if (backend() == GemmBackend::OneDNN)
    return onednn_gemm(transpose_a, transpose_b, M, N, K, alpha, A, B, beta, C);
#endif
  eigen_gemm(transpose_a, transpose_b, M, N, K, alpha, A, transpose_a ? M : K, B, transpose_b ? K : N, beta,
             C, N);
}

void strided_gemm(bool transpose_a, bool transpose_b, int64_t M, int64_t N, int64_t K, const real* A,
                  int64_t lda, const real* B, int64_t ldb, real beta, real* C, int64_t ldc) {
#ifdef P2REC_ONEDNN
  if (backend() == GemmBackend::OneDNN)
    return onednn_sgemm(transpose_a, transpose_b, M, N, K, 1, A, lda, B, ldb, beta, C, ldc);
#endif
  eigen_gemm(transpose_a, transpose_b, M, N, K, 1, A, lda, B, ldb, beta, C, ldc);
}

void gemm_bf16([[maybe_unused]] bool transpose_b, int64_t M, int64_t N, int64_t K,
               [[maybe_unused]] const uint16_t* A, [[maybe_unused]] const uint16_t* B,
               [[maybe_unused]] real beta, [[maybe_unused]] real* C) {
  AG_CHECK(has_bf16_products(), "gemm_bf16: there are no such products here");
  if (M == 0 || N == 0 || K == 0) return;
  KernelTimer::product(M, N, K);
#ifdef P2REC_ONEDNN
  onednn_product(dnnl::memory::data_type::bf16, transpose_b, M, N, K, A, B, beta, C);
#endif
}

}  // namespace cpu
}  // namespace ag
