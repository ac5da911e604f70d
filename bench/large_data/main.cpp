// large_data USERS ITEMS FILE: writes made-up interactions, one line per user.
#include <cstdio>
#include <exception>
#include <string>

#include "autograd/check.h"
#include "bench/large_data/large_data.h"

int main(int argc, char** argv) {
  try {
    INPUT_CHECK(argc == 4, "found ", argc - 1, " arguments; expected USERS ITEMS FILE");
    bench::write_large_data(argv[3], {.users = std::stoll(argv[1]), .items = std::stoll(argv[2])});
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "large_data: error: %s\n", error.what());
    return 2;
  }
}
