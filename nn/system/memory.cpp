#include "nn/system/memory.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
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

// The file's text; empty where it cannot be read: the system then does not tell.
std::string text_of(const Path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::optional<int64_t> number_of(std::string_view text) {
  const size_t begin = std::min(text.find_first_not_of(" \t"), text.size());
  text.remove_prefix(begin);
  int64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc()) return std::nullopt;  // "max", or a number beyond 63 bits: no limit
  return number;
}

// The number behind `key` at the beginning of a line: "MemAvailable:   123 kB", "inactive_file 123".
std::optional<int64_t> value_in(const std::string& text, const std::string& key) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(key)) return number_of(std::string_view(line).substr(key.size()));
  }
  return std::nullopt;
}

int64_t meminfo_available(const Path& root) {
  const auto kib = value_in(text_of(root / "proc/meminfo"), "MemAvailable:");
  return kib ? *kib * 1024 : kNoLimit;
}

// The files of one version of control groups, and the lines of memory.stat that count cached files.
struct CgroupFiles {
  const char *limit, *usage, *inactive, *active;
};
constexpr CgroupFiles kVersion1 = {"memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file ",
                                   "total_active_file "};
constexpr CgroupFiles kVersion2 = {"memory.max", "memory.current", "inactive_file ", "active_file "};

int64_t left_in_group(const Path& folder, const CgroupFiles& files) {
  const auto limit = number_of(text_of(folder / files.limit)),
             usage = number_of(text_of(folder / files.usage));
  if (!limit || !usage) return kNoLimit;
  const std::string stat = text_of(folder / "memory.stat");
  const int64_t cached =
      value_in(stat, files.inactive).value_or(0) + value_in(stat, files.active).value_or(0);
  // The files are read one after the other, so more may seem cached than used; and version 1 says "no limit" with a
  // number so large that anything added to it overflows.
  return *limit - std::max<int64_t>(0, *usage - cached);
}

// The group and those above it. A container may see its own group as the root: the walk up ends there.
int64_t left_in_groups(const Path& mount, Path group, const CgroupFiles& files) {
  int64_t left = kNoLimit;
  for (group = group.relative_path();; group = group.parent_path()) {
    left = std::min(left, left_in_group(mount / group, files));
    if (group.empty()) return left;
  }
}

// Lines of /proc/self/cgroup: "0::/path" (version 2), "9:memory:/path" (version 1).
int64_t left_by_cgroups(const Path& root) {
  int64_t left = kNoLimit;
  std::istringstream lines(text_of(root / "proc/self/cgroup"));
  for (std::string line; std::getline(lines, line);) {
    const size_t first = line.find(':');
    if (first == line.npos) continue;
    const size_t second = line.find(':', first + 1);
    if (second == line.npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const Path group = line.substr(second + 1);
    if (controllers == ",,") left = std::min(left, left_in_groups(root / "sys/fs/cgroup", group, kVersion2));
    if (controllers.find(",memory,") != controllers.npos)
      left = std::min(left, left_in_groups(root / "sys/fs/cgroup/memory", group, kVersion1));
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
  const std::string status = text_of(root / "proc/self/status");
  const auto used = [&](const char* key) { return value_in(status, key).value_or(0) * 1024; };
  int64_t left = std::min(meminfo_available(root), left_by_cgroups(root));
  left = std::min(left, left_by_rlimit(RLIMIT_AS, used("VmSize:")));
  left = std::min(left, left_by_rlimit(RLIMIT_DATA, used("VmData:")));
  if (limit_of_user > 0) left = std::min(left, limit_of_user - used("VmRSS:"));
  const int64_t cached = ag::memory_stats().cached;
  return std::max<int64_t>(0, left > kNoLimit - cached ? kNoLimit : left + cached);
}

int64_t available_memory() { return available_memory("/"); }

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
