// The functions of the CUDA runtime that storage needs. cuda.cu implements them if P2REC_CUDA is defined.
#pragma once

#include <cstdint>
#include <string>

namespace ag::cuda {

bool has_device();
std::string device_name();

int64_t free_memory();          // bytes
void* allocate(int64_t bytes);  // null if there is not enough memory
void release(void* memory);
// Copies between host and device, in either direction, or within the device. The copy begins after all
// kernels that were called before have ended. A copy to the host is complete when the call returns.
void copy(void* to, const void* from, int64_t bytes);
void zero(void* memory, int64_t bytes);

}  // namespace ag::cuda
