// The paths of this build and its checkout. Only paths.cpp is compiled with them, so that another checkout
// can use the compiler cache for all other tests.
#pragma once

#include <string>

std::string fixtures();         // the folder tests/fixtures
std::string program();          // build/p2rec
std::string file_operations();  // libfile_operations.so, for LD_PRELOAD
