#define DOCTEST_CONFIG_IMPLEMENT
#include "tests/testing.h"

#ifdef __SANITIZE_ADDRESS__
// Memory that cannot be had is an error to be handled, as it is without AddressSanitizer, which would end the program. And it
// keeps little of what was freed: where a test limits the memory that a reader takes, this is not what it means.
extern "C" const char* __asan_default_options() {
  return "allocator_may_return_null=1:quarantine_size_mb=16";
}
#endif

int main(int argc, char** argv) {
  if (!ag::is_available(testing::device())) {
    testing::skip("there is no CUDA device here, or p2rec was built without CUDA");
    return 0;
  }
  return doctest::Context(argc, argv).run();
}
