// The device that holds a tensor's memory and runs its kernels.
#pragma once

#include <cstdint>
#include <string>

namespace ag {

enum class Device : uint8_t { CPU, CUDA };  // CUDA: the first device that the CUDA runtime lists

const char* name_of(Device device);  // "CPU", "CUDA"
// True if tensors can be made there. CUDA needs a GPU, and a library that was built with CUDA.
bool is_available(Device device);
// A description for logs: "CUDA, NVIDIA H100 80GB HBM3". Throws ag::Error if the device is not available.
std::string description_of(Device device);

[[noreturn]] void throw_without_cuda();  // ag::Error: the library was built without CUDA

}  // namespace ag
