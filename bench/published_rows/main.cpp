// published_rows PUBLISHED FOLDER: prints a table of published figures beside those of the runs in a folder.
#include <cstdio>
#include <exception>
#include <iostream>

#include "autograd/check.h"
#include "bench/published_rows/published_rows.h"

int main(int argc, char** argv) {
  try {
    INPUT_CHECK(argc == 3, "found ", argc - 1, " arguments; expected PUBLISHED FOLDER");
    bench::print_rows(argv[1], argv[2], std::cout);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "published_rows: error: %s\n", error.what());
    return 2;
  }
}
