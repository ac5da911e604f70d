#include "p2rec/cli/program.h"

int main(int argc, char** argv) { return p2rec::run_program(argc, argv); }
