#include "tests/paths.h"

std::string fixtures() { return FIXTURES; }
std::string program() { return PROGRAM; }
std::string file_operations() { return FILE_OPERATIONS; }
