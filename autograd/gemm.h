// Chooses the library that multiplies matrices on the CPU. The product is the kernel `gemm` (kernels.inc).
#pragma once

#include <string>

namespace ag {

enum class GemmBackend { Eigen, OneDNN };

// oneDNN if it was built in, else Eigen. The environment variable P2REC_GEMM=eigen|onednn overrides this.
GemmBackend gemm_backend();
void set_gemm_backend(GemmBackend backend);  // ag::Error if it was not built in
bool has_onednn();
std::string gemm_backend_name();  // "Eigen 3.4.0" or "oneDNN 2.6.3"

// Makes malloc keep freed memory. It changes the whole process, so a program calls it once at its start.
// oneDNN allocates scratch memory for every product. By default glibc returns that memory to the system each
// time, and mapping and clearing the pages again takes a tenth of a training step's time.
void keep_freed_memory();

}  // namespace ag
