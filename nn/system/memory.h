// How much memory the program can still take, so that what does not fit is refused at once.
#pragma once

#include <cstdint>
#include <string>

#include "autograd/device.h"
#include "nn/io/files.h"

namespace nn {

// Bytes that can still be taken: the least of
//   the machine's MemAvailable (/proc/meminfo);
//   what the control groups of this process leave (versions 1 and 2, each up to the root): limit - usage,
//   where cached files do not count as usage, since they give way;
//   RLIMIT_AS and RLIMIT_DATA minus what is mapped;
//   the limit of set_memory_limit minus what is resident;
// plus the tensor cache's free blocks, which the program already holds. What the system does not tell sets no
// limit. Not below 0. Paths are read below `root`, for tests.
int64_t available_memory(const Path& root = "/");
// The same of a device: what its driver has free, the cache's free blocks, the limit of set_memory_limit.
int64_t available_memory(ag::Device device);

// The most bytes that the program may take; 0 (the default): what the machine has.
void set_memory_limit(int64_t bytes);

// ag::InputError unless available: "WHAT needs about 5.1 GiB of memory, but 2.0 GiB are available; hint:
// HINT".
void need_memory(int64_t bytes, const std::string& what, const std::string& hint);

std::string memory_text(int64_t bytes);  // "5.1 GiB", "35 MiB"

}  // namespace nn
