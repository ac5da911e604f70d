// The device that holds a tensor's memory and runs its kernels.
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>

#include "autograd/profile.h"

namespace ag {

enum class Device : uint8_t { CPU, CUDA };  // CUDA: the first device that the CUDA runtime lists

const char* name_of(Device device);  // "CPU", "CUDA"
// True if tensors can be made there. CUDA needs a GPU, and a library that was built with CUDA.
bool is_available(Device device);
// A description for logs: "CUDA, NVIDIA H100 80GB HBM3". Throws ag::Error if the device is not available.
std::string description_of(Device device);

// Throws ag::Error, naming the kernel, if `memory`, one of its arguments, does not belong to the device.
void check_memory(Device device, const char* kernel, const void* memory);
template <class T>
void check_argument(Device device, const char* kernel, const T& argument) {
  if constexpr (std::is_pointer_v<T>) check_memory(device, kernel, argument);
}
[[noreturn]] void throw_without_cuda();  // ag::Error: the library was built without CUDA

}  // namespace ag

// Calls the kernel `name` of the device's backend: DISPATCH(x.device(), rms_norm_forward, arguments...).
// A backend is a namespace (ag::cpu, ag::cuda) that implements every function of kernels.inc.
#ifdef P2REC_CUDA
#define DISPATCH(device, name, ...)                              \
  [dispatch_to = (device)](auto... dispatched) {                 \
    (::ag::check_argument(dispatch_to, #name, dispatched), ...); \
    const ::ag::KernelTimer kernel_timer(#name);                 \
    if (dispatch_to == ::ag::Device::CPU)                        \
      ::ag::cpu::name(dispatched...);                            \
    else                                                         \
      ::ag::cuda::name(dispatched...);                           \
  }(__VA_ARGS__)
#else
#define DISPATCH(device, name, ...)                                \
  do {                                                             \
    if ((device) != ::ag::Device::CPU) ::ag::throw_without_cuda(); \
    const ::ag::KernelTimer kernel_timer(#name);                   \
    ::ag::cpu::name(__VA_ARGS__);                                  \
  } while (false)
#endif
