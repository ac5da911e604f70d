// Chooses the library that multiplies matrices. The products are the kernels of gemm.cpp in kernels.inc.
#pragma once

#include <cstdint>
#include <string>

#include "autograd/tensor.h"

namespace ag {

enum class GemmBackend { Eigen, OneDNN };

// For the CPU: oneDNN if it was built in, else Eigen. The environment variable P2REC_GEMM=eigen|onednn
// overrides this.
GemmBackend gemm_backend();
void set_gemm_backend(GemmBackend backend);  // ag::Error if it was not built in
bool has_onednn();

// For CUDA: cuBLAS if it was built in, else the tiled kernel of gemm.cu, which is the one to read.
// P2REC_CUDA_GEMM=cublas|tiled overrides this.
bool uses_cublas();
void set_cublas(bool use);  // ag::Error if it was not built in
bool has_cublas();

std::string gemm_backend_name(Device device = Device::CPU);  // "Eigen 3.4.0", "cuBLAS 13.1.0"

// True if products with a BF16 matrix are computed from BF16 numbers, with sums in f32. On the CPU that needs
// oneDNN and a processor with such instructions (AVX512_BF16, AMX), on CUDA cuBLAS and a GPU since 2020
// (sm_80). Otherwise the matrix is widened to `real` for each product.
bool has_bf16_products(Device device = Device::CPU);
void set_bf16_products(bool use);  // false: widen; true: where there are such products

namespace cpu {
// C (M,N) = op(A) op(B) + beta C for parts of larger matrices: row i of A begins at A + i lda; B and C alike.
void strided_gemm(bool transpose_a, bool transpose_b, int64_t M, int64_t N, int64_t K, const real* A,
                  int64_t lda, const real* B, int64_t ldb, real beta, real* C, int64_t ldc);
}  // namespace cpu

namespace cuda {
// The product by cuBLAS (gemm_cublas.cu, if P2REC_CUBLAS is defined). A and B are both Real or both BF16.
void cublas_gemm(DType dtype, bool transpose_a, bool transpose_b, int64_t M, int64_t N, int64_t K, real alpha,
                 const void* A, const void* B, real beta, real* C);
std::string cublas_version();
}  // namespace cuda

// Makes malloc keep freed memory. It changes the whole process, so a program calls it once at its start.
// oneDNN allocates scratch memory for every product. By default glibc returns that memory to the system each
// time, and mapping and clearing the pages again takes a tenth of a training step's time.
void keep_freed_memory();

}  // namespace ag
