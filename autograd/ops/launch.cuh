// How CUDA kernels are written here: a lambda over elements, or over rows with one block of threads per row.
//
//   for_each(n, [=] __device__(int64_t i) { y[i] = a * x[i]; });
//   for_each_row(R, [=] __device__(int64_t r, const Block& block) {
//     real sum = 0;
//     for (int64_t c = block.thread(); c < C; c += kThreads) sum += x[r * C + c];
//     sum = block.sum(sum);
//     if (block.thread() == 0) y[r] = sum;
//   });
// One thread writes each number, and sums have a fixed order, without atomics, so a result has the same bits
// each time. Kernels run one after the other on the default stream.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#include "autograd/kernels.h"

namespace ag::cuda {

constexpr int kThreads = 128;  // threads of a block; a power of two

// Starts `blocks` blocks of kThreads threads.
template <class... Parameters, class... Arguments>
void launch(void (*kernel)(Parameters...), int64_t blocks, const Arguments&... arguments) {
  if (blocks == 0) return;
#ifdef __CUDACC__
  kernel<<<static_cast<unsigned>(blocks), kThreads>>>(arguments...);
#else  // tests/cuda_on_host
  run_on_host(kernel, static_cast<unsigned>(blocks), kThreads, arguments...);
#endif
  const cudaError_t status = cudaGetLastError();
  AG_CHECK(status == cudaSuccess, "CUDA: a kernel did not start: ", cudaGetErrorString(status));
}

// Operations that the threads of a block do together.
class Block {
 public:
  __device__ int thread() const { return static_cast<int>(threadIdx.x); }

  // The sum of the threads' values, for all of them. Every thread of the block must call it.
  template <class T>
  __device__ T sum(T value) const {
    return reduce(value, [](T a, T b) { return a + b; });
  }
  // The sum of f(i) over i in [0, n), for all threads. Every thread must call it.
  template <class F>
  __device__ auto sum_of(int64_t n, const F& f) const {
    decltype(f(n)) total = 0;
    for (int64_t i = thread(); i < n; i += kThreads) total += f(i);
    return sum(total);
  }
  __device__ real max(real value) const {
    return reduce(value, [](real a, real b) { return a > b ? a : b; });
  }
  // Waits for all threads; each can then read what the others wrote before.
  __device__ void wait() const { __syncthreads(); }

 private:
  template <class T, class F>
  __device__ T reduce(T value, const F& combine) const {
    __shared__ T partial[kThreads];
    __syncthreads();  // all threads have read the previous reduction's result
    partial[thread()] = value;
    for (int half = kThreads / 2; half > 0; half /= 2) {
      __syncthreads();
      if (thread() < half) partial[thread()] = combine(partial[thread()], partial[thread() + half]);
    }
    __syncthreads();
    return partial[0];
  }
};

template <class F>
__global__ void element_kernel(int64_t n, F f) {
  const int64_t i = int64_t{blockIdx.x} * kThreads + threadIdx.x;
  if (i < n) f(i);
}
template <class F>
void for_each(int64_t n, const F& f) {
  launch(element_kernel<F>, (n + kThreads - 1) / kThreads, n, f);
}

template <class F>
__global__ void row_kernel(F f) {
  f(int64_t{blockIdx.x}, Block());
}
template <class F>
void for_each_row(int64_t R, const F& f) {
  launch(row_kernel<F>, R, f);
}

}  // namespace ag::cuda
