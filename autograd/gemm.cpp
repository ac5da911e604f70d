#include "autograd/gemm.h"

#include <Eigen/Core>
#include <algorithm>
#include <cstdlib>
#include <string>

#include "autograd/check.h"
#include "autograd/kernels.h"
#ifdef P2REC_ONEDNN
#include <dnnl.h>
#include <malloc.h>
#endif

namespace ag {
namespace {

using Matrix = Eigen::Matrix<real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Map = Eigen::Map<Matrix>;
using ConstMap = Eigen::Map<const Matrix>;

template <class A, class B>
void eigen_product(const A& a, const B& b, real alpha, real beta, Map c) {
  if (beta == 0) {
    c.noalias() = alpha * (a * b);
  } else {
    if (beta != 1) c *= beta;
    c.noalias() += alpha * (a * b);
  }
}

void eigen_gemm(bool transpose_a, bool transpose_b, int64_t M, int64_t N, int64_t K, real alpha,
                const real* A, const real* B, real beta, real* C) {
  const ConstMap a(A, transpose_a ? K : M, transpose_a ? M : K),
      b(B, transpose_b ? N : K, transpose_b ? K : N);
  Map c(C, M, N);
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

GemmBackend initial_backend() {
  const char* wish = std::getenv("P2REC_GEMM");
  const std::string name = wish ? wish : "default";
  INPUT_CHECK(name == "default" || name == "eigen" || name == "onednn", "P2REC_GEMM: found '", name,
              "', expected eigen, onednn or default");
  INPUT_CHECK(name != "onednn" || has_onednn(),
              "P2REC_GEMM: oneDNN was not built in; hint: install libdnnl-dev and build again");
  return name == "eigen" || !has_onednn() ? GemmBackend::Eigen : GemmBackend::OneDNN;
}

GemmBackend& backend() {
  static GemmBackend current = initial_backend();
  return current;
}

}  // namespace

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

std::string gemm_backend_name() {
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
  if (backend() == GemmBackend::OneDNN) {
    const dnnl_status_t status = dnnl_sgemm(transpose_a ? 'T' : 'N', transpose_b ? 'T' : 'N', M, N, K, alpha,
                                            A, transpose_a ? M : K, B, transpose_b ? K : N, beta, C, N);
    AG_CHECK(status == dnnl_success, "gemm: oneDNN failed with status ", int(status), " for ", M, " x ", N,
             " x ", K);
    return;
  }
#endif
  eigen_gemm(transpose_a, transpose_b, M, N, K, alpha, A, B, beta, C);
}

}  // namespace cpu
}  // namespace ag
