// Where this build and its checkout are. Only paths.cpp is compiled with these paths, so that a compiler cache serves all
// other tests of another checkout.
#pragma once

#include <string>

std::string fixtures();         // the folder tests/fixtures
std::string program();          // build/p2rec
std::string file_operations();  // libfile_operations.so, which LD_PRELOAD takes
