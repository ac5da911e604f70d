// Chooses the library that multiplies matrices on the CPU. The product is the kernel `gemm` (kernels.inc).
#pragma once

#include <cstdint>
#include <string>

#include "autograd/tensor.h"

namespace ag {

enum class GemmBackend { Eigen, OneDNN };

// oneDNN if it was built in, else Eigen. The environment variable P2REC_GEMM=eigen|onednn overrides this.
GemmBackend gemm_backend();
void set_gemm_backend(GemmBackend backend);  // ag::Error if it was not built in
bool has_onednn();
std::string gemm_backend_name();  // "Eigen 3.4.0" or "oneDNN 2.6.3"

// True if products with a BF16 matrix are computed from BF16 numbers, with sums in f32: that needs oneDNN and a
// processor with such instructions (AVX512_BF16, AMX). Otherwise the matrix is widened to `real` for each product.
bool has_bf16_products();
void set_bf16_products(bool use);  // false: widen; ag::Error if they are not available

namespace cpu {
// C (M,N) = op(A) op(B) + beta C for parts of larger matrices: row i of A begins at A + i lda; B and C alike.
void strided_gemm(bool transpose_a, bool transpose_b, int64_t M, int64_t N, int64_t K, const real* A,
                  int64_t lda, const real* B, int64_t ldb, real beta, real* C, int64_t ldc);
// C (M,N) = A op(B) + beta C, beta 0 or 1, with A (M,K) and op(B) in BF16. Only with has_bf16_products().
void gemm_bf16(bool transpose_b, int64_t M, int64_t N, int64_t K, const uint16_t* A, const uint16_t* B,
               real beta, real* C);
}  // namespace cpu

// Makes malloc keep freed memory. It changes the whole process, so a program calls it once at its start.
// oneDNN allocates scratch memory for every product. By default glibc returns that memory to the system each
// time, and mapping and clearing the pages again takes a tenth of a training step's time.
void keep_freed_memory();

}  // namespace ag
