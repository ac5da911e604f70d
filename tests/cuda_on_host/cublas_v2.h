// Replaces cuBLAS on the host: the part of its interface that gemm_cublas.cu uses. Products of reals (double)
// and of BF16 numbers, with matrices stored by columns.
#pragma once

#include <cstdint>

#define CUBLAS_VER_MAJOR 0
#define CUBLAS_VER_MINOR 0
#define CUBLAS_VER_PATCH 0

enum cublasStatus_t { CUBLAS_STATUS_SUCCESS, CUBLAS_STATUS_INVALID_VALUE, CUBLAS_STATUS_NOT_SUPPORTED };
enum cublasOperation_t { CUBLAS_OP_N, CUBLAS_OP_T };
enum cublasComputeType_t { CUBLAS_COMPUTE_32F, CUBLAS_COMPUTE_64F };
enum cublasGemmAlgo_t { CUBLAS_GEMM_DEFAULT };
enum cudaDataType { CUDA_R_32F, CUDA_R_64F, CUDA_R_16BF };
using cublasHandle_t = struct CublasOnHost*;

const char* cublasGetStatusString(cublasStatus_t status);
cublasStatus_t cublasCreate(cublasHandle_t* handle);
// C (m,n) = alpha op(A) op(B) + beta C, op(A) (m,k). Column j of A begins at A + j lda; B and C alike.
cublasStatus_t cublasGemmEx_64(cublasHandle_t handle, cublasOperation_t op_a, cublasOperation_t op_b,
                               int64_t m, int64_t n, int64_t k, const void* alpha, const void* A,
                               cudaDataType a_type, int64_t lda, const void* B, cudaDataType b_type,
                               int64_t ldb, const void* beta, void* C, cudaDataType c_type, int64_t ldc,
                               cublasComputeType_t compute, cublasGemmAlgo_t algorithm);
