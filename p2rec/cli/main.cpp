#include <unistd.h>

#include <cstdlib>

#include "p2rec/cli/program.h"

namespace {

// Lets threads sleep while a parallel loop has no work for them. By default they spin, which on a busy machine takes the
// cores from those that do have work. libgomp reads the environment before main(), so the program starts itself again;
// where it cannot, threads spin.
void let_idle_threads_sleep(char** argv) {
  if (std::getenv("OMP_WAIT_POLICY") || std::getenv("GOMP_SPINCOUNT")) return;
  setenv("OMP_WAIT_POLICY", "passive", 0);
  execv("/proc/self/exe", argv);
}

}  // namespace

int main(int argc, char** argv) {
  let_idle_threads_sleep(argv);
  return p2rec::run_program(argc, argv);
}
