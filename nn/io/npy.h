// .npy files, for NumPy.
#pragma once

#include "autograd/tensor.h"
#include "nn/io/files.h"

namespace nn {

// Writes a matrix (R,C) of reals, in version 1.0 of the format, little-endian, C order (numpy.lib.format).
void write_npy(const Path& file, const ag::Tensor& matrix);

}  // namespace nn
