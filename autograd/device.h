// Where a tensor's memory lies and its kernels run.
#pragma once

#include <cstdint>

namespace ag {

enum class Device : uint8_t { CPU };

}  // namespace ag

// Calls the kernel `name` of the device's backend: DISPATCH(x.device(), rms_norm_forward, arguments...).
// A backend is a namespace (ag::cpu) that implements every function of kernels.inc. A second backend adds one
// branch here and one namespace; no op changes.
#define DISPATCH(device, name, ...)   \
  do {                                \
    switch (device) {                 \
      case ::ag::Device::CPU:         \
        ::ag::cpu::name(__VA_ARGS__); \
        break;                        \
    }                                 \
  } while (false)
