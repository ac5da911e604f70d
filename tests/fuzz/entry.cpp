// The function that libFuzzer calls: it runs the one target that is linked into this program.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "tests/fuzz/target.h"

namespace {

// Processor time, because on a busy machine an input may wait much longer than it runs.
constexpr double kSeconds = 20;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::clock_t begin = std::clock();
  fuzz::problem(fuzz::targets().at(0), std::string(reinterpret_cast<const char*>(data), size));
  if (const double taken = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC; taken > kSeconds) {
    std::fprintf(stderr, "ERROR: an input took %.0f seconds of the processor; expected at most %.0f\n", taken,
                 kSeconds);
    std::abort();
  }
  return 0;
}
