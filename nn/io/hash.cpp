#include "nn/io/hash.h"

#define XXH_STATIC_LINKING_ONLY  // declares what XXH3_state_t holds
#include <xxhash.h>

#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "autograd/check.h"

namespace nn {

struct Hash::State : XXH3_state_t {};

Hash::Hash() : state_(std::make_unique<State>()) { XXH3_64bits_reset(state_.get()); }
Hash::~Hash() = default;

void Hash::bytes(const void* data, size_t count) { XXH3_64bits_update(state_.get(), data, count); }

std::string Hash::hex() const {
  char text[17];
  std::snprintf(text, sizeof text, "%016" PRIx64, XXH3_64bits_digest(state_.get()));
  return text;
}

std::string file_hash(const Path& file) {
  errno = 0;
  std::ifstream in(file, std::ios::binary);
  INPUT_CHECK(in, file.string(), ": cannot be opened: ", std::strerror(errno));
  Hash hash;
  std::string block(1 << 20, '\0');
  while (in.read(block.data(), static_cast<std::streamsize>(block.size())), in.gcount() > 0) {
    hash.bytes(block.data(), static_cast<size_t>(in.gcount()));
  }
  return hash.hex();
}

}  // namespace nn
