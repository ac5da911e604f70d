// Memory of tensors, from one caching allocator per device.
//
// Every training step needs the same few hundred buffers. Returning them to the system each time costs page
// faults, so the cache keeps a freed block and uses it for a later request of a similar size.
#pragma once

#include <cstdint>
#include <memory>

#include "autograd/check.h"
#include "autograd/device.h"

namespace ag {

// There is not enough memory for a tensor.
class OutOfMemory : public Error {
 public:
  using Error::Error;
};

// One block of memory, aligned to 64 bytes. The destructor returns it to the cache.
class Storage {
 public:
  Storage(int64_t bytes, Device device);
  ~Storage();
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

  void* data() const { return data_; }
  int64_t bytes() const { return bytes_; }
  Device device() const { return device_; }

 private:
  void* data_ = nullptr;
  int64_t bytes_ = 0;     // requested
  int64_t capacity_ = 0;  // size of the block
  Device device_;
};

// The cache keeps freed blocks while in_use + cached <= peak + max(peak / 8, kSpareMemory) bytes.
constexpr int64_t kSpareMemory = 64 << 20;

struct MemoryStats {
  int64_t in_use = 0;  // bytes in blocks that tensors hold
  int64_t cached = 0;  // bytes in free blocks kept for later
  int64_t peak = 0;    // the largest in_use since the last reset_memory_peak
};
MemoryStats memory_stats(Device device = Device::CPU);
void reset_memory_peak(Device device = Device::CPU);
// Returns the free blocks of all devices to the system. To be called when another kind of work begins.
void release_cached_memory();
// Free bytes as the device's driver reports them. For the CPU, see nn/system/memory.h.
int64_t free_memory(Device device);

// While it lives, all tensors on the device take at most this many bytes; more throws OutOfMemory.
class MemoryLimit {
 public:
  MemoryLimit(Device device, int64_t bytes);
  ~MemoryLimit();
  MemoryLimit(const MemoryLimit&) = delete;
  MemoryLimit& operator=(const MemoryLimit&) = delete;

 private:
  Device device_;
};

// Copies between CPU and device memory, in any direction. zero_memory writes zero bytes.
void copy_memory(void* to, Device to_device, const void* from, Device from_device, int64_t bytes);
void zero_memory(void* memory, Device device, int64_t bytes);

// The process's largest resident size so far, in MiB, as the system counts it.
double peak_rss_mib();

}  // namespace ag
