// The program's commands: what `p2rec COMMAND --help` explains.
#pragma once

namespace p2rec {

// Runs the command line and returns the exit code: 0 done, 1 a failure, 2 the user's mistake (an option, a file or its
// content), 130 stopped on request. Errors go to standard error, one message each: "p2rec: error: ...".
int run_program(int argc, const char* const* argv);

}  // namespace p2rec
