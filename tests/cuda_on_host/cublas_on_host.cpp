#include "autograd/ops/math.h"
#include "cublas_v2.h"
#include "cuda_runtime.h"

namespace {

double element(const void* matrix, cudaDataType type, int64_t at) {
  if (type == CUDA_R_16BF) return ag::math::from_bf16(static_cast<const uint16_t*>(matrix)[at]);
  return static_cast<const double*>(matrix)[at];
}

}  // namespace

const char* cublasGetStatusString(cublasStatus_t status) {
  static const char* const texts[] = {"success", "invalid value", "not supported"};
  return texts[status];
}

cublasStatus_t cublasCreate(cublasHandle_t* handle) {
  *handle = nullptr;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasGemmEx_64(cublasHandle_t, cublasOperation_t op_a, cublasOperation_t op_b, int64_t m,
                               int64_t n, int64_t k, const void* alpha, const void* A, cudaDataType a_type,
                               int64_t lda, const void* B, cudaDataType b_type, int64_t ldb, const void* beta,
                               void* C, cudaDataType c_type, int64_t ldc, cublasComputeType_t compute,
                               cublasGemmAlgo_t) {
  if (c_type != CUDA_R_64F || compute != CUBLAS_COMPUTE_64F || a_type != b_type || a_type == CUDA_R_32F)
    return CUBLAS_STATUS_NOT_SUPPORTED;
  const bool a_transposed = op_a == CUBLAS_OP_T, b_transposed = op_b == CUBLAS_OP_T;
  if (lda < (a_transposed ? k : m) || ldb < (b_transposed ? n : k) || ldc < m)
    return CUBLAS_STATUS_INVALID_VALUE;
  const double factor = *static_cast<const double*>(alpha), keep = *static_cast<const double*>(beta);
  cuda_on_host::run_grid(1, 1, [&] {  // only a kernel can touch the device's memory
    for (int64_t j = 0; j < n; ++j) {
      for (int64_t i = 0; i < m; ++i) {
        double sum = 0;
        for (int64_t p = 0; p < k; ++p)
          sum += element(A, a_type, a_transposed ? i * lda + p : p * lda + i) *
                 element(B, b_type, b_transposed ? p * ldb + j : j * ldb + p);
        double& c = static_cast<double*>(C)[j * ldc + i];
        c = factor * sum + (keep != 0 ? keep * c : 0);  // the old value may be NaN
      }
    }
  });
  return CUBLAS_STATUS_SUCCESS;
}
