// Memory of tensors, from a caching allocator for each device.
//
// A training step asks for the same few hundred buffers again and again. Giving them back to the system each
// time costs page faults, so a freed block is kept and handed out again when a request fits it.
#pragma once

#include <cstdint>
#include <memory>

#include "autograd/check.h"
#include "autograd/device.h"

namespace ag {

// A tensor's memory could not be had.
class OutOfMemory : public Error {
 public:
  using Error::Error;
};

// One block of memory, aligned to 64 bytes; it goes back to the cache with its last owner.
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
  int64_t bytes_ = 0;     // asked for
  int64_t capacity_ = 0;  // of the block that serves it
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
// Gives the free blocks of all devices back to the system. For where another kind of work begins.
void release_cached_memory();
// Bytes that the device's driver could still give; for the CPU nn/system/memory.h asks the system.
int64_t free_memory(Device device);

// While it lives, tensors on the device take at most this many bytes in all: more throws OutOfMemory.
class MemoryLimit {
 public:
  MemoryLimit(Device device, int64_t bytes);
  ~MemoryLimit();
  MemoryLimit(const MemoryLimit&) = delete;
  MemoryLimit& operator=(const MemoryLimit&) = delete;

 private:
  Device device_;
};

// Copies between any two places, of the CPU or of a device; zero fills with zero bytes.
void copy_memory(void* to, Device to_device, const void* from, Device from_device, int64_t bytes);
void zero_memory(void* memory, Device device, int64_t bytes);

// The process's largest resident size so far, in MiB, as the system counts it.
double peak_rss_mib();

}  // namespace ag
