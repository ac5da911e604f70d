// How much memory the program can still take, so that what does not fit is refused before hours are spent on it.
#pragma once

#include <cstdint>
#include <string>

#include "autograd/device.h"
#include "nn/io/files.h"

namespace nn {

// Bytes that can still be taken. The least of
//   the machine's MemAvailable (/proc/meminfo);
//   what the control groups of this process leave, each group up to the root (versions 1 and 2): limit - usage, where
//   cached files do not count as usage, since they give way;
//   RLIMIT_AS and RLIMIT_DATA less what is mapped;
//   the limit of set_memory_limit less what is resident;
// and beside it the tensor cache's free blocks, which the program holds already. What the system does not tell sets no
// limit. Not below 0.
int64_t available_memory();
// The same of a device's memory: what its driver has free, the cache's free blocks, and the limit of set_memory_limit.
int64_t available_memory(ag::Device device);

// `root` stands before every path that is read, for tests.
int64_t available_memory(const Path& root);

// The program shall not take more than so many bytes; 0 (the default): what the machine has.
void set_memory_limit(int64_t bytes);

// Throws ag::InputError unless `bytes` are available: "WHAT needs about 5.1 GiB of memory, but 2.0 GiB are available; hint:
// HINT".
void need_memory(int64_t bytes, const std::string& what, const std::string& hint);

std::string memory_text(int64_t bytes);  // "5.1 GiB", "35 MiB"

}  // namespace nn
