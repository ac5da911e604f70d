// CUDA's runtime as far as storage needs it; cuda.cu implements it where P2REC_CUDA is defined.
#pragma once

#include <cstdint>
#include <string>

namespace ag::cuda {

bool has_device();
std::string device_name();

int64_t free_memory();          // bytes
void* allocate(int64_t bytes);  // null where there is no memory
void release(void* memory);
// Between the host and the device, either way, or within the device. In order with the kernels: it begins
// when all that were called before have ended. Back on the host the bytes are there.
void copy(void* to, const void* from, int64_t bytes);
void zero(void* memory, int64_t bytes);

}  // namespace ag::cuda
