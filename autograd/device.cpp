#include "autograd/device.h"

#include "autograd/check.h"
#include "autograd/cuda.h"

namespace ag {

const char* name_of(Device device) { return device == Device::CPU ? "CPU" : "CUDA"; }

bool is_available(Device device) {
#ifdef P2REC_CUDA
  return device == Device::CPU || cuda::has_device();
#else
  return device == Device::CPU;
#endif
}

std::string description_of(Device device) {
#ifdef P2REC_CUDA
  if (device == Device::CUDA && cuda::has_device()) return message("CUDA, ", cuda::device_name());
#endif
  if (device != Device::CPU) throw_without_cuda();
  return "CPU";
}

void throw_without_cuda() {
#ifdef P2REC_CUDA
  throw Error("CUDA: no device can be used; hint: nvidia-smi lists the devices that the driver knows");
#else
  throw Error("CUDA: p2rec was built without it; hint: install the CUDA Toolkit 12 or newer and build again");
#endif
}

}  // namespace ag
