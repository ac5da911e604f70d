// What libFuzzer calls: the one target that is linked into this program.
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::problem(fuzz::targets().at(0), std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
