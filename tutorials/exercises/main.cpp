#include "tutorials/exercises/grade.h"

int main(int argc, char** argv) { return exercise::run(argc, argv); }
