// The available memory.
#include "nn/system/memory.h"

#include "autograd/storage.h"
#include "tests/testing.h"

using doctest::Contains;

namespace {

constexpr int64_t kMiB = 1 << 20;

// A machine for tests: system files below a folder. The tensor cache begins empty.
class Machine {
 public:
  Machine() { ag::release_cached_memory(); }
  void write(const std::string& file, const std::string& content) const {
    nn::make_folder((folder_ / file).parent_path());
    nn::write_atomically(folder_ / file, content);
  }
  int64_t available() const { return nn::available_memory(folder_.path()); }

 private:
  testing::TemporaryFolder folder_;
};

struct MemoryLimit {
  explicit MemoryLimit(int64_t bytes) { nn::set_memory_limit(bytes); }
  ~MemoryLimit() { nn::set_memory_limit(0); }
  MemoryLimit(const MemoryLimit&) = delete;
  MemoryLimit& operator=(const MemoryLimit&) = delete;
};

}  // namespace

TEST_CASE("the machine's memory") {
  const Machine machine;
  machine.write("proc/meminfo", "MemTotal:  1000 kB\nMemFree:  100 kB\nMemAvailable:     512 kB\n");
  CHECK(machine.available() == 512 * 1024);
}

TEST_CASE("the tensor cache's free blocks are available") {
  const Machine machine;
  machine.write("proc/meminfo", "MemAvailable:     512 kB\n");
  { const ag::Storage freed(kMiB, ag::Device::CPU); }
  CHECK(machine.available() == 512 * 1024 + kMiB);
}

TEST_CASE("control groups, version 2: the minimum of the group and its parents, without cached files") {
  const Machine machine;
  machine.write("proc/meminfo", "MemAvailable: 1000000 kB\n");
  machine.write("proc/self/cgroup", "0::/a/b\n");
  machine.write("sys/fs/cgroup/a/b/memory.max", "max\n");
  machine.write("sys/fs/cgroup/a/b/memory.current", "1000\n");
  CHECK(machine.available() == int64_t{1000000} * 1024);
  machine.write("sys/fs/cgroup/a/memory.max", "500000\n");
  machine.write("sys/fs/cgroup/a/memory.current", "100000\n");
  CHECK(machine.available() == 400000);
  machine.write("sys/fs/cgroup/a/memory.stat", "anon 5\ninactive_file 20000\nactive_file 3000\n");
  CHECK(machine.available() == 423000);
  machine.write("sys/fs/cgroup/a/b/memory.max", "2000\n");
  CHECK(machine.available() == 1000);
  machine.write("sys/fs/cgroup/a/b/memory.current", "3000\n");
  CHECK(machine.available() == 0);
}

TEST_CASE("control groups, version 1, in a container that does not see its own path") {
  const Machine machine;
  machine.write("proc/self/cgroup", "9:name=systemd:/\n4:cpu,memory:/docker/123\n0::/\n");
  machine.write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9000\n");
  machine.write("sys/fs/cgroup/memory/memory.usage_in_bytes", "5000\n");
  machine.write("sys/fs/cgroup/memory/memory.stat", "inactive_file 7\ntotal_inactive_file 1000\n");
  CHECK(machine.available() == 5000);
  machine.write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  CHECK(machine.available() > int64_t{1} << 60);
  // The statistics are not up to date: more memory is cached than used.
  machine.write("sys/fs/cgroup/memory/memory.stat", "total_inactive_file 9000\ntotal_active_file 1000\n");
  CHECK(machine.available() > int64_t{1} << 60);
  machine.write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9000\n");
  CHECK(machine.available() == 9000);
}

TEST_CASE("missing or wrong numbers of the system set no limit") {
  const Machine machine;
  CHECK(machine.available() > int64_t{1} << 60);
  machine.write("proc/meminfo", "MemAvailable: many kB\n");
  machine.write("proc/self/cgroup", ":\n\n0:\n0::\n");
  CHECK(machine.available() > int64_t{1} << 60);
}

TEST_CASE("on this machine memory is available, and the limit includes the used memory") {
  CHECK(nn::available_memory() > kMiB);
  ag::release_cached_memory();
  const MemoryLimit limit(1);
  CHECK(nn::available_memory() == 0);
  CHECK_THROWS_WITH_AS(nn::need_memory(int64_t{1} << 40, "the model", "a smaller one"),
                       Contains("the model needs about 1024.0 GiB of memory, but "), ag::InputError);
}

TEST_CASE("memory in words") {
  CHECK(nn::memory_text(0) == "0.0 MiB");
  CHECK(nn::memory_text(35 * kMiB) == "35 MiB");
  CHECK(nn::memory_text(5222680986) == "4.9 GiB");
}
