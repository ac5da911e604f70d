#include "autograd/storage.h"

#include <sys/mman.h>
#include <sys/resource.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <limits>
#include <map>
#include <mutex>

#include "autograd/cuda.h"

namespace ag {
namespace {

constexpr int64_t kAlignment = 64;

// Rounds a size up to a multiple of an eighth of its power of two. Batches of packed sequences need slightly
// different sizes in each step; so they can use the same blocks.
int64_t size_class(int64_t bytes) {
  const auto needed = static_cast<uint64_t>(std::max(bytes, kAlignment));
  const auto step = std::max<uint64_t>(std::bit_floor(needed) / 8, kAlignment);
  return static_cast<int64_t>((needed + step - 1) / step * step);
}

// Blocks of a megabyte or more come directly from the system and go back to it: malloc would keep some freed
// blocks and leave holes that fit no other size.
constexpr int64_t kMapped = 1 << 20;

void* block_of(int64_t bytes, [[maybe_unused]] Device device) {  // null if there is not enough memory
#ifdef P2REC_CUDA
  if (device == Device::CUDA) return cuda::allocate(bytes);
#endif
  if (bytes < kMapped) return std::aligned_alloc(kAlignment, static_cast<size_t>(bytes));
  void* block =
      mmap(nullptr, static_cast<size_t>(bytes), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return block == MAP_FAILED ? nullptr : block;
}

void give_back(void* block, int64_t bytes, [[maybe_unused]] Device device) {
#ifdef P2REC_CUDA
  if (device == Device::CUDA) return cuda::release(block);
#endif
  if (bytes < kMapped) {
    std::free(block);
  } else {
    munmap(block, static_cast<size_t>(bytes));
  }
}

class CachingAllocator {
 public:
  explicit CachingAllocator(Device device) : device_(device) {}

  // Best fit: the smallest free block that is large enough, unless more than a third of it would be wasted.
  void* allocate(int64_t bytes, int64_t* capacity) {
    const int64_t wanted = size_class(bytes);
    const std::lock_guard lock(mutex_);
    void* block = nullptr;
    if (auto it = free_.lower_bound(wanted); it != free_.end() && it->first <= wanted + wanted / 2) {
      *capacity = it->first;
      block = it->second;
      free_.erase(it);
      stats_.cached -= *capacity;
    } else {
      *capacity = wanted;
      make_room(wanted);
      block = block_within_limit(wanted);
      if (!block) {  // the memory of the cached blocks may be enough
        release_locked();
        block = block_within_limit(wanted);
      }
      if (!block)
        throw OutOfMemory(
            message("out of memory: a tensor of ", bytes, " bytes does not fit, ", stats_.in_use,
                    " bytes are in use; hint: a smaller batch or a shorter history needs less"));
    }
    stats_.in_use += *capacity;
    stats_.peak = std::max(stats_.peak, stats_.in_use);
    most_in_use_ = std::max(most_in_use_, stats_.in_use);
    return block;
  }

  void release(void* block, int64_t capacity) {
    const std::lock_guard lock(mutex_);
    free_.emplace(capacity, block);
    stats_.in_use -= capacity;
    stats_.cached += capacity;
  }

  void release_cached() {
    const std::lock_guard lock(mutex_);
    release_locked();
  }

  MemoryStats stats() {
    const std::lock_guard lock(mutex_);
    return stats_;
  }

  void reset_peak() {
    const std::lock_guard lock(mutex_);
    stats_.peak = stats_.in_use;
  }

  void set_limit(int64_t bytes) {
    const std::lock_guard lock(mutex_);
    limit_ = bytes;
  }

 private:
  // Returns free blocks to the system, the largest first, until a new block of `wanted` bytes fits under the
  // limit of kSpareMemory. Otherwise blocks of sizes that nobody requests any more would accumulate.
  void make_room(int64_t wanted) {
    const int64_t most = std::max(most_in_use_, stats_.in_use + wanted),
                  limit = most + std::max(most / 8, kSpareMemory);
    while (!free_.empty() && stats_.in_use + stats_.cached + wanted > limit) {
      const auto largest = std::prev(free_.end());
      stats_.cached -= largest->first;
      give(largest->second, largest->first);
      free_.erase(largest);
    }
  }

  void* block_within_limit(int64_t size) {
    return stats_.in_use + size <= limit_ ? block_of(size, device_) : nullptr;
  }

  void give(void* block, int64_t size) { give_back(block, size, device_); }

  void release_locked() {
    for (auto& [size, block] : free_) give(block, size);
    free_.clear();
    stats_.cached = 0;
    most_in_use_ = stats_.in_use;
  }

  Device device_;
  std::mutex mutex_;
  std::multimap<int64_t, void*> free_;  // by size
  MemoryStats stats_;
  int64_t most_in_use_ = 0;                              // since the cache was released
  int64_t limit_ = std::numeric_limits<int64_t>::max();  // of stats_.in_use
};

// Never destroyed, because tensors with static lifetime may outlive any other static object.
CachingAllocator& allocator(Device device) {
  static auto *cpu = new CachingAllocator(Device::CPU), *cuda = new CachingAllocator(Device::CUDA);
  return device == Device::CPU ? *cpu : *cuda;
}

}  // namespace

Storage::Storage(int64_t bytes, Device device) : bytes_(bytes), device_(device) {
  AG_CHECK(bytes >= 0, "Storage: the size is ", bytes, " bytes; expected at least 0");
  if (!is_available(device)) throw_without_cuda();
  data_ = allocator(device).allocate(bytes, &capacity_);
}

Storage::~Storage() { allocator(device_).release(data_, capacity_); }

MemoryStats memory_stats(Device device) { return allocator(device).stats(); }
void reset_memory_peak(Device device) { allocator(device).reset_peak(); }

int64_t free_memory(Device device) {
#ifdef P2REC_CUDA
  if (device == Device::CUDA && cuda::has_device()) return cuda::free_memory();
#endif
  AG_CHECK(device != Device::CPU,
           "free_memory: expected another device than the CPU; hint: nn::available_memory()");
  throw_without_cuda();
}

MemoryLimit::MemoryLimit(Device device, int64_t bytes) : device_(device) {
  allocator(device).set_limit(bytes);
}
MemoryLimit::~MemoryLimit() { allocator(device_).set_limit(std::numeric_limits<int64_t>::max()); }

void release_cached_memory() {
  allocator(Device::CPU).release_cached();
  allocator(Device::CUDA).release_cached();
}

void copy_memory(void* to, [[maybe_unused]] Device to_device, const void* from,
                 [[maybe_unused]] Device from_device, int64_t bytes) {
#ifdef P2REC_CUDA
  if (to_device == Device::CUDA || from_device == Device::CUDA) return cuda::copy(to, from, bytes);
#endif
  if (bytes > 0) std::memmove(to, from, static_cast<size_t>(bytes));  // without bytes, a pointer may be null
}

void zero_memory(void* memory, [[maybe_unused]] Device device, int64_t bytes) {
#ifdef P2REC_CUDA
  if (device == Device::CUDA) return cuda::zero(memory, bytes);
#endif
  std::memset(memory, 0, static_cast<size_t>(bytes));
}

double peak_rss_mib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024.0;
}

}  // namespace ag
