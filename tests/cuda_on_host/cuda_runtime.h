// Replaces CUDA's runtime and language on the host, so that the .cu files
// can be compiled and run without a GPU.
//
// It can show that the kernels compute the right numbers, never use host memory, and give the same
// bits for any order of a block's threads between two __syncthreads. It cannot test speed, warps,
// or what nvcc does with the code. The threads of a block are fibers that hand over at
// __syncthreads; blocks run one after the other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#define __global__
#define __device__
#define __host__
#define __shared__ static  // one block runs at a time

struct dim3 {
  unsigned x = 1, y = 1, z = 1;
};
extern dim3 threadIdx, blockIdx, blockDim, gridDim;
void __syncthreads();

enum cudaError_t { cudaSuccess, cudaErrorMemoryAllocation, cudaErrorCudartUnloading, cudaErrorInvalidValue };
enum cudaMemcpyKind { cudaMemcpyDefault };
struct cudaDeviceProp {
  char name[256];
};
const char* cudaGetErrorString(cudaError_t status);
cudaError_t cudaGetLastError();
cudaError_t cudaGetDeviceCount(int* count);
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device);
// Only kernels and copies can read and write the device's memory; any other access ends the program
// (SIGSEGV). New memory is full of NaNs.
cudaError_t cudaMalloc(void** memory, size_t bytes);
cudaError_t cudaFree(void* memory);
cudaError_t cudaMemGetInfo(size_t* free, size_t* total);
cudaError_t cudaMemcpy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind);
cudaError_t cudaMemset(void* memory, int value, size_t bytes);

namespace cuda_on_host {

enum class Order { Ascending, Descending };
// The order in which the threads of a block run between two __syncthreads.
void set_thread_order(Order order);
void run_grid(unsigned blocks, unsigned threads, const std::function<void()>& kernel);
// Copies from the device to the host so far. On a GPU each waits for all kernels before it.
int64_t read_backs();

}  // namespace cuda_on_host

template <class... Parameters, class... Arguments>
void run_on_host(void (*kernel)(Parameters...), unsigned blocks, unsigned threads,
                 const Arguments&... arguments) {
  cuda_on_host::run_grid(blocks, threads, [&] { kernel(arguments...); });
}
