# Debian has no static libbenchmark.
add_library(benchmark::benchmark SHARED IMPORTED GLOBAL)
file(GLOB library ${PACKAGES}/lib/libbenchmark.so*)
set_target_properties(benchmark::benchmark PROPERTIES IMPORTED_LOCATION ${library}
                      INTERFACE_INCLUDE_DIRECTORIES ${PACKAGES}/include)
set(benchmark_FOUND ON)
