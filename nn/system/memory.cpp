#include "nn/system/memory.h"

#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <fstream>
#include <limits>
#include <optional>
#include <sstream>

#include "autograd/check.h"
#include "autograd/storage.h"

namespace nn {
namespace {

constexpr int64_t kNoLimit = std::numeric_limits<int64_t>::max();

std::atomic<int64_t> limit_of_user{0};

// The number after `key` at the beginning of a line of the file: "MemAvailable: 123 kB", "inactive_file 123".
// No value if the file is missing, or says "max" or a number above 63 bits, which mean no limit.
std::optional<int64_t> number_in(const Path& file, const std::string& key = "") {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    int64_t number = 0;
    if (line.starts_with(key) && std::istringstream(line.substr(key.size())) >> number) return number;
  }
  return std::nullopt;
}

// The files of one version of control groups, and the lines of memory.stat with the sizes of cached files.
struct CgroupFiles {
  const char *mount, *limit, *usage, *inactive, *active;
};
constexpr CgroupFiles kVersion1 = {"sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes",
                                   "total_inactive_file ", "total_active_file "};
constexpr CgroupFiles kVersion2 = {"sys/fs/cgroup", "memory.max", "memory.current", "inactive_file ",
                                   "active_file "};

int64_t left_in_group(const Path& folder, const CgroupFiles& files) {
  const auto limit = number_in(folder / files.limit), usage = number_in(folder / files.usage);
  if (!limit || !usage) return kNoLimit;
  const auto cached = [&](const char* key) { return number_in(folder / "memory.stat", key).value_or(0); };
  // The max(0, ...) is needed because the files are read at different times: more may seem cached than used.
  // Version 1 writes "no limit" as a number so large that any addition would overflow.
  return *limit - std::max<int64_t>(0, *usage - cached(files.inactive) - cached(files.active));
}

// The minimum over the process's groups and their parents. /proc/self/cgroup names the groups: "0::/path"
// (version 2), "9:memory:/path" (version 1). In a container, the process's own group may be the root.
int64_t left_by_cgroups(const Path& root) {
  int64_t left = kNoLimit;
  std::ifstream in(root / "proc/self/cgroup");
  std::string number, controllers, path;
  while (std::getline(in, number, ':') && std::getline(in, controllers, ':') && std::getline(in, path)) {
    const CgroupFiles& files = controllers.empty() ? kVersion2 : kVersion1;
    if (!controllers.empty() && ("," + controllers + ",").find(",memory,") == std::string::npos) continue;
    for (Path group = Path(path).relative_path();; group = group.parent_path()) {
      left = std::min(left, left_in_group(root / files.mount / group, files));
      if (group.empty()) break;
    }
  }
  return left;
}

int64_t left_by_rlimit(decltype(RLIMIT_AS) resource, int64_t used) {
  rlimit limit{};
  if (getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return kNoLimit;
  return static_cast<int64_t>(std::min<rlim_t>(limit.rlim_cur, kNoLimit)) - used;
}

}  // namespace

int64_t available_memory(const Path& root) {
  const auto used = [&](const char* key) {
    return number_in(root / "proc/self/status", key).value_or(0) * 1024;
  };
  const auto free = number_in(root / "proc/meminfo", "MemAvailable:");
  int64_t left = std::min(free ? *free * 1024 : kNoLimit, left_by_cgroups(root));
  left = std::min(left, left_by_rlimit(RLIMIT_AS, used("VmSize:")));
  left = std::min(left, left_by_rlimit(RLIMIT_DATA, used("VmData:")));
  if (limit_of_user > 0) left = std::min(left, limit_of_user - used("VmRSS:"));
  const int64_t cached = ag::memory_stats().cached;
  return std::max<int64_t>(0, left > kNoLimit - cached ? kNoLimit : left + cached);
}

int64_t available_memory(ag::Device device) {
  if (device == ag::Device::CPU) return available_memory();
  const ag::MemoryStats stats = ag::memory_stats(device);
  const int64_t left = ag::free_memory(device) + stats.cached;
  return limit_of_user > 0 ? std::clamp<int64_t>(limit_of_user - stats.in_use, 0, left) : left;
}

void set_memory_limit(int64_t bytes) { limit_of_user = bytes; }

void need_memory(int64_t bytes, const std::string& what, const std::string& hint) {
  const int64_t available = available_memory();
  INPUT_CHECK(bytes <= available, what, " needs about ", memory_text(bytes), " of memory, but ",
              memory_text(available), " are available; hint: ", hint);
}

std::string memory_text(int64_t bytes) {
  const double mib = static_cast<double>(bytes) / double(1 << 20);
  char text[32];
  if (mib >= 1000) {
    std::snprintf(text, sizeof text, "%.1f GiB", mib / 1024);
  } else {
    std::snprintf(text, sizeof text, mib < 10 ? "%.1f MiB" : "%.0f MiB", mib);
  }
  return text;
}

}  // namespace nn
