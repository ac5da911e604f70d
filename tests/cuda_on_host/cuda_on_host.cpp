#include <setjmp.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "cuda_runtime.h"

dim3 threadIdx, blockIdx, blockDim, gridDim;

namespace {

// --- memory ------------------------------------------------------------------------------------------------

constexpr size_t kRoom = size_t{1} << 30;  // address space; only touched pages take memory

void fail(const char* what) {
  std::perror(what);
  std::abort();
}

class DeviceMemory {
 public:
  DeviceMemory() {
    void* room = mmap(nullptr, kRoom, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (room == MAP_FAILED) fail("cuda_on_host: mmap");
    begin_ = static_cast<char*>(room);
    free_[0] = kRoom;
  }
  bool holds(const void* memory) const {
    return memory >= begin_ && static_cast<const char*>(memory) < begin_ + kRoom;
  }
  void* take(size_t bytes) {  // the first free range that is large enough
    const std::lock_guard<std::mutex> lock(mutex_);
    const size_t wanted = (bytes + 255) / 256 * 256;
    for (const auto& [at, size] : free_) {
      if (size < wanted) continue;
      const size_t offset = at, left = size - wanted;
      free_.erase(offset);
      if (left) free_[offset + wanted] = left;
      used_[offset] = wanted;
      return begin_ + offset;
    }
    return nullptr;
  }
  bool give_back(void* memory) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto it = used_.find(static_cast<size_t>(static_cast<char*>(memory) - begin_));
    if (it == used_.end()) return false;
    auto range = free_.emplace(it->first, it->second).first;
    used_.erase(it);
    if (const auto next = std::next(range);
        next != free_.end() && range->first + range->second == next->first) {
      range->second += next->second;
      free_.erase(next);
    }
    if (range != free_.begin()) {
      const auto before = std::prev(range);
      if (before->first + before->second == range->first) {
        before->second += range->second;
        free_.erase(range);
      }
    }
    return true;
  }

  // While an object of this class lives, the memory can be used. Others
  // wait: a device runs one thing at a time.
  class Open {
   public:
    explicit Open(DeviceMemory& memory) : lock_(memory.mutex_), memory_(memory) {
      memory_.allow(PROT_READ | PROT_WRITE);
    }
    ~Open() { memory_.allow(PROT_NONE); }
    Open(const Open&) = delete;
    Open& operator=(const Open&) = delete;

   private:
    std::lock_guard<std::mutex> lock_;
    const DeviceMemory& memory_;
  };

 private:
  void allow(int protection) const {
    if (mprotect(begin_, kRoom, protection)) fail("cuda_on_host: mprotect");
  }
  char* begin_ = nullptr;
  std::map<size_t, size_t> free_, used_;  // offset, size
  std::mutex mutex_;
};

// Never destroyed, because tensors with static lifetime free their memory at the very end.
DeviceMemory& device_memory() {
  static auto* memory = new DeviceMemory;
  return *memory;
}

// --- threads -----------------------------------------------------------------------------------------------

constexpr size_t kStack = size_t{64} << 10;

// A thread of a block, which all blocks use one after the other. setcontext enters it once; then _longjmp,
// which makes no system call.
struct Fiber {
  jmp_buf place;
  std::vector<char> stack = std::vector<char>(kStack);
  bool begun = false, done = false;
};

struct Scheduler {
  std::vector<std::unique_ptr<Fiber>> fibers;
  Fiber* current = nullptr;
  jmp_buf place;
  const std::function<void()>* kernel = nullptr;
};
Scheduler scheduler;
cuda_on_host::Order thread_order = cuda_on_host::Order::Ascending;
int64_t read_back_count = 0;

void hand_over() {
  if (!_setjmp(scheduler.current->place)) _longjmp(scheduler.place, 1);
}

void run_fiber() {
  for (;;) {
    (*scheduler.kernel)();
    scheduler.current->done = true;
    hand_over();  // until the next block
  }
}

// Runs a thread until its next __syncthreads or its end.
void run_on(Fiber& fiber) {
  scheduler.current = &fiber;
  if (_setjmp(scheduler.place)) return;  // the thread has handed over
  if (fiber.begun) _longjmp(fiber.place, 1);
  fiber.begun = true;
  ucontext_t context;
  getcontext(&context);
  context.uc_stack.ss_sp = fiber.stack.data();
  context.uc_stack.ss_size = fiber.stack.size();
  context.uc_link = nullptr;
  makecontext(&context, run_fiber, 0);
  setcontext(&context);
}

void run_block(unsigned threads) {
  while (scheduler.fibers.size() < threads) scheduler.fibers.push_back(std::make_unique<Fiber>());
  for (unsigned i = 0; i < threads; ++i) scheduler.fibers[i]->done = false;
  for (unsigned waiting = threads; waiting > 0;) {
    unsigned ended = 0;
    waiting = 0;
    for (unsigned i = 0; i < threads; ++i) {
      const unsigned thread = thread_order == cuda_on_host::Order::Ascending ? i : threads - 1 - i;
      Fiber& fiber = *scheduler.fibers[thread];
      if (fiber.done) continue;
      threadIdx = {thread, 0, 0};
      run_on(fiber);
      ++(fiber.done ? ended : waiting);
    }
    if (waiting && ended) {  // undefined on a GPU
      std::fprintf(stderr, "cuda_on_host: %u threads wait at __syncthreads, %u have ended\n", waiting, ended);
      std::abort();
    }
  }
}

}  // namespace

void __syncthreads() { hand_over(); }

namespace cuda_on_host {

void set_thread_order(Order order) { thread_order = order; }

int64_t read_backs() { return read_back_count; }

void run_grid(unsigned blocks, unsigned threads, const std::function<void()>& kernel) {
  const DeviceMemory::Open open(device_memory());
  scheduler.kernel = &kernel;
  blockDim = {threads, 1, 1};
  gridDim = {blocks, 1, 1};
  for (unsigned block = 0; block < blocks; ++block) {
    blockIdx = {block, 0, 0};
    run_block(threads);
  }
}

}  // namespace cuda_on_host

const char* cudaGetErrorString(cudaError_t status) {
  static const char* const texts[] = {"success", "out of memory", "driver shutting down", "invalid argument"};
  return texts[status];
}

cudaError_t cudaGetLastError() { return cudaSuccess; }

cudaError_t cudaGetDeviceCount(int* count) {
  *count = 1;
  return cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int) {
  std::strcpy(properties->name, "kernels run on the host, for tests");
  return cudaSuccess;
}

cudaError_t cudaMalloc(void** memory, size_t bytes) {
  *memory = device_memory().take(bytes);
  return *memory ? cudaMemset(*memory, 0xFF, bytes) : cudaErrorMemoryAllocation;
}

cudaError_t cudaFree(void* memory) {
  return device_memory().give_back(memory) ? cudaSuccess : cudaErrorInvalidValue;
}

cudaError_t cudaMemGetInfo(size_t* free, size_t* total) {
  *free = *total = size_t{8} << 30;
  return cudaSuccess;
}

cudaError_t cudaMemcpy(void* to, const void* from, size_t bytes, cudaMemcpyKind) {
  if (!device_memory().holds(to) && !device_memory().holds(from)) return cudaErrorInvalidValue;
  const DeviceMemory::Open open(device_memory());
  std::memmove(to, from, bytes);
  read_back_count += !device_memory().holds(to);
  return cudaSuccess;
}

cudaError_t cudaMemset(void* memory, int value, size_t bytes) {
  if (!device_memory().holds(memory)) return cudaErrorInvalidValue;
  const DeviceMemory::Open open(device_memory());
  std::memset(memory, value, bytes);
  return cudaSuccess;
}
