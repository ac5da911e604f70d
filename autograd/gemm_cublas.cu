// Matrix products by cuBLAS: as the tiled kernel of gemm.cu in f32 (no TF32), and of BF16 numbers with f32
// sums.
#include <cublas_v2.h>

#include "autograd/check.h"
#include "autograd/gemm.h"

namespace ag::cuda {
namespace {

void check(cublasStatus_t status, const char* what) {
  AG_CHECK(status == CUBLAS_STATUS_SUCCESS, "cuBLAS: ", what, ": ", cublasGetStatusString(status),
           "; hint: P2REC_CUDA_GEMM=tiled does without cuBLAS");
}

// Its calls run on the default stream, as our kernels do. Never destroyed: the CUDA runtime may end first.
cublasHandle_t handle() {
  static const cublasHandle_t created = [] {
    cublasHandle_t made = nullptr;
    check(cublasCreate(&made), "it cannot start");
    return made;
  }();
  return created;
}

}  // namespace

// cuBLAS stores matrices by columns, so it sees the transpose of each of ours. It computes C^T = op(B)^T
// op(A)^T.
void cublas_gemm(DType dtype, bool transpose_a, bool transpose_b, int64_t M, int64_t N, int64_t K, real alpha,
                 const void* A, const void* B, real beta, real* C) {
  constexpr bool kDouble = sizeof(real) == sizeof(double);
  const cudaDataType number = kDouble ? CUDA_R_64F : CUDA_R_32F,
                     input = dtype == DType::BF16 ? CUDA_R_16BF : number;
  const auto operation = [](bool transpose) { return transpose ? CUBLAS_OP_T : CUBLAS_OP_N; };
  check(cublasGemmEx_64(handle(), operation(transpose_b), operation(transpose_a), N, M, K, &alpha, B, input,
                        transpose_b ? K : N, A, input, transpose_a ? M : K, &beta, C, number, N,
                        kDouble ? CUBLAS_COMPUTE_64F : CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT),
        "a product failed");
}

std::string cublas_version() {
  return message(CUBLAS_VER_MAJOR, '.', CUBLAS_VER_MINOR, '.', CUBLAS_VER_PATCH);
}

}  // namespace ag::cuda
