// Which library multiplies matrices on the CPU. The product itself is the kernel `gemm` of kernels.inc.
#pragma once

#include <string>

namespace ag {

enum class GemmBackend { Eigen, OneDNN };

// oneDNN where it was built in, else Eigen; the environment variable P2REC_GEMM=eigen|onednn overrides it.
GemmBackend gemm_backend();
void set_gemm_backend(GemmBackend backend);  // ag::Error if it was not built in
bool has_onednn();
std::string gemm_backend_name();  // "Eigen 3.4.0" or "oneDNN 2.6.3"

// For a program to call at its start, since it changes malloc for the whole process. oneDNN takes scratch
// memory with every product; glibc would hand it back to the system each time, and its pages would be cleared
// and mapped again: a tenth of the time of a training step.
void keep_freed_memory();

}  // namespace ag
