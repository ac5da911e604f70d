#include "autograd/storage.h"

#include <sys/mman.h>
#include <sys/resource.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <iterator>
#include <map>
#include <mutex>

#include "autograd/check.h"

namespace ag {
namespace {

constexpr int64_t kAlignment = 64;

// Sizes are rounded up to an eighth of their power of two, so that requests that differ a little, as batches of packed
// sequences do from step to step, are served by the same blocks.
int64_t size_class(int64_t bytes) {
  const auto needed = static_cast<uint64_t>(std::max(bytes, kAlignment));
  const auto step = std::max<uint64_t>(std::bit_floor(needed) / 8, kAlignment);
  return static_cast<int64_t>((needed + step - 1) / step * step);
}

// Blocks of a megabyte and more come from the system itself and go back to it: malloc would keep some of what is freed, and
// leave holes that no other size fits.
constexpr int64_t kMapped = 1 << 20;

void* block_of(int64_t bytes) {  // null where there is no memory
  if (bytes < kMapped) return std::aligned_alloc(kAlignment, static_cast<size_t>(bytes));
  void* block =
      mmap(nullptr, static_cast<size_t>(bytes), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return block == MAP_FAILED ? nullptr : block;
}

void give_back(void* block, int64_t bytes) {
  if (bytes < kMapped) {
    std::free(block);
  } else {
    munmap(block, static_cast<size_t>(bytes));
  }
}

class CachingAllocator {
 public:
  // Best fit: the smallest free block that holds the request, unless it would waste over a third of itself.
  void* allocate(int64_t bytes, int64_t* capacity) {
    const int64_t wanted = size_class(bytes);
    std::lock_guard<std::mutex> lock(mutex_);
    void* block = nullptr;
    if (auto it = free_.lower_bound(wanted); it != free_.end() && it->first <= wanted + wanted / 2) {
      *capacity = it->first;
      block = it->second;
      free_.erase(it);
      stats_.cached -= *capacity;
    } else {
      *capacity = wanted;
      make_room(wanted);
      block = block_of(wanted);
      if (!block) {  // what is cached may be just what is missing
        release_locked();
        block = block_of(wanted);
      }
      AG_CHECK(block, "out of memory: a tensor of ", bytes, " bytes was asked for while ", stats_.in_use,
               " bytes were in use; hint: a smaller batch or a shorter history needs less");
    }
    stats_.in_use += *capacity;
    stats_.peak = std::max(stats_.peak, stats_.in_use);
    most_in_use_ = std::max(most_in_use_, stats_.in_use);
    return block;
  }

  void release(void* block, int64_t capacity) {
    std::lock_guard<std::mutex> lock(mutex_);
    free_.emplace(capacity, block);
    stats_.in_use -= capacity;
    stats_.cached += capacity;
  }

  void release_cached() {
    std::lock_guard<std::mutex> lock(mutex_);
    release_locked();
  }

  MemoryStats stats() {
    std::lock_guard<std::mutex> lock(mutex_);
    return stats_;
  }

  void reset_peak() {
    std::lock_guard<std::mutex> lock(mutex_);
    stats_.peak = stats_.in_use;
  }

 private:
  // Gives free blocks back, the largest first, until a new one of `wanted` bytes fits under the most that was in use at once
  // and some spare: blocks of sizes that are no longer asked for would otherwise pile up.
  void make_room(int64_t wanted) {
    const int64_t most = std::max(most_in_use_, stats_.in_use + wanted),
                  limit = most + std::max(most / 8, kSpareMemory);
    while (!free_.empty() && stats_.in_use + stats_.cached + wanted > limit) {
      const auto largest = std::prev(free_.end());
      stats_.cached -= largest->first;
      give_back(largest->second, largest->first);
      free_.erase(largest);
    }
  }

  void release_locked() {
    for (auto& [size, block] : free_) give_back(block, size);
    free_.clear();
    stats_.cached = 0;
    most_in_use_ = stats_.in_use;
  }

  std::mutex mutex_;
  std::multimap<int64_t, void*> free_;  // by size
  MemoryStats stats_;
  int64_t most_in_use_ = 0;  // since the cache was released
};

// Never destroyed: tensors with static lifetime may outlive any other static object.
CachingAllocator& allocator() {
  static auto* instance = new CachingAllocator;
  return *instance;
}

}  // namespace

Storage::Storage(int64_t bytes, Device device) : bytes_(bytes), device_(device) {
  AG_CHECK(bytes >= 0, "Storage: a negative size of ", bytes, " bytes was asked for");
  data_ = allocator().allocate(bytes, &capacity_);
}

Storage::~Storage() { allocator().release(data_, capacity_); }

MemoryStats memory_stats() { return allocator().stats(); }
void reset_memory_peak() { allocator().reset_peak(); }
void release_cached_memory() { allocator().release_cached(); }

double peak_rss_mib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024.0;
}

}  // namespace ag
