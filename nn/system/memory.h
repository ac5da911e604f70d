// The memory that the program can still take, so that it can refuse at once what does not fit.
#pragma once

#include <cstdint>
#include <string>

#include "autograd/device.h"
#include "nn/io/files.h"

namespace nn {

// The bytes that the program can still take: the smallest of
//   the machine's MemAvailable (/proc/meminfo);
//   limit - usage of the process's control groups and their parents (versions 1 and 2); cached files do not
//   count as usage, since the system can free them;
//   RLIMIT_AS and RLIMIT_DATA minus the mapped size;
//   the limit of set_memory_limit minus the resident size;
// plus the free blocks of the tensor cache, which the program already has. A number that the system does not
// report is no limit. Never below 0. System files are read below `root`, for tests.
int64_t available_memory(const Path& root = "/");
// The same for a device, from the driver's free memory, the cache's free blocks and set_memory_limit.
int64_t available_memory(ag::Device device);

// Sets the largest number of bytes that the program may take; 0 (the default): no limit of its own.
void set_memory_limit(int64_t bytes);

// Throws ag::InputError if the bytes are not available: "WHAT needs about 5.1 GiB of memory, but 2.0 GiB are
// available; hint: HINT".
void need_memory(int64_t bytes, const std::string& what, const std::string& hint);

std::string memory_text(int64_t bytes);  // "5.1 GiB", "35 MiB"

}  // namespace nn
