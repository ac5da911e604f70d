// The program without main().
#pragma once

namespace p2rec {

// Runs one command. Returns the exit code: 0, 1 for a failure, 2 if an option, a file or its content is
// wrong, 130 if it was stopped. Prints an error as one message to standard error: "p2rec: error: ...". Call
// it first in main(), because it may restart the program.
int run_program(int argc, char** argv);

}  // namespace p2rec
