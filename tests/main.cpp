#define DOCTEST_CONFIG_IMPLEMENT
#include "autograd/communicator.h"
#include "tests/testing.h"

#ifdef __SANITIZE_ADDRESS__
// AddressSanitizer by default ends the program if there is not enough memory; here malloc fails, as without
// it. It also keeps little freed memory, because some tests limit the memory that a reader takes.
extern "C" const char* __asan_default_options() {
  return "allocator_may_return_null=1:quarantine_size_mb=16";
}
#endif

int main(int argc, char** argv) {
  if (!ag::is_available(testing::device())) {
    testing::skip("there is no CUDA device here, or p2rec was built without CUDA");
    return 0;
  }
  const ag::Communicator ranks = ag::Communicator::world();
  const int failed = doctest::Context(argc, argv).run();
  if (failed) ag::Communicator::abort(failed);  // another rank may wait for this one
  ag::Communicator::leave();
  return failed;
}
