#include "autograd/cuda.h"

#include <cuda_runtime.h>

#include "autograd/check.h"

namespace ag::cuda {
namespace {

void check(cudaError_t status, const char* what) {
  AG_CHECK(status == cudaSuccess, "CUDA: ", what, ": ", cudaGetErrorString(status));
}

}  // namespace

bool has_device() {
  static const bool has = [] {
    int count = 0;
    return cudaGetDeviceCount(&count) == cudaSuccess && count > 0;
  }();
  return has;
}

std::string device_name() {
  cudaDeviceProp properties{};
  check(cudaGetDeviceProperties(&properties, 0), "cannot read the device's name");
  return properties.name;
}

int64_t free_memory() {
  size_t free = 0, total = 0;
  check(cudaMemGetInfo(&free, &total), "cannot read the device's free memory");
  return static_cast<int64_t>(free);
}

void* allocate(int64_t bytes) {
  void* memory = nullptr;
  const cudaError_t status = cudaMalloc(&memory, static_cast<size_t>(bytes));
  if (status == cudaErrorMemoryAllocation) {
    cudaGetLastError();  // clears the error, or the next kernel would report it
    return nullptr;
  }
  check(status, "memory cannot be allocated");
  return memory;
}

// Tensors with static lifetime may be destroyed after the CUDA runtime, which has then freed all memory.
void release(void* memory) {
  const cudaError_t status = cudaFree(memory);
  if (status != cudaErrorCudartUnloading) check(status, "memory cannot be freed");
}

void copy(void* to, const void* from, int64_t bytes) {
  check(cudaMemcpy(to, from, static_cast<size_t>(bytes), cudaMemcpyDefault), "a copy failed");
}

void zero(void* memory, int64_t bytes) {
  check(cudaMemset(memory, 0, static_cast<size_t>(bytes)), "memory cannot be set to zero");
}

}  // namespace ag::cuda
