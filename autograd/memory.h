// What tensors take of each device's memory, limited and measured. storage.cpp implements it, where the memory comes from.
#pragma once

#include <cstdint>

#include "autograd/check.h"
#include "autograd/device.h"

namespace ag {

// A tensor's memory could not be had.
class OutOfMemory : public Error {
 public:
  using Error::Error;
};

// While it lives, tensors on the device take at most so many bytes in all: more throws OutOfMemory.
class MemoryLimit {
 public:
  MemoryLimit(Device device, int64_t bytes);
  ~MemoryLimit();
  MemoryLimit(const MemoryLimit&) = delete;
  MemoryLimit& operator=(const MemoryLimit&) = delete;

 private:
  Device device_;
};

void reset_memory_peak(Device device);  // MemoryStats::peak
// Bytes that the device's driver could still give. Not of the CPU: nn/system/memory.h asks the operating system.
int64_t free_memory(Device device);

}  // namespace ag
