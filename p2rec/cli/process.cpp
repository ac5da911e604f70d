#include "p2rec/cli/process.h"

#include <fcntl.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <iostream>
#include <string>

#include "autograd/check.h"
#include "autograd/gemm.h"

namespace p2rec {

void prepare_process() {
  ag::keep_freed_memory();
  std::signal(SIGXFSZ, SIG_IGN);
  for (const int stream : {0, 1, 2}) {
    if (fcntl(stream, F_GETFD) == -1) open("/dev/null", stream == 0 ? O_WRONLY : O_RDONLY);
  }
}

void check_output() {
  errno = 0;
  std::cout.flush();
  const std::string why = errno ? std::string(": ") + std::strerror(errno) : "";
  AG_CHECK(std::cout, "standard output cannot be written", why, "; hint: is the disk full?");
}

}  // namespace p2rec
