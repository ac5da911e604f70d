#include "nn/io/npy.h"

#include <ostream>

#include "autograd/check.h"

namespace nn {

void write_npy(const Path& file, const ag::Tensor& matrix) {
  std::string header = ag::message("{'descr': '<f", sizeof(ag::real), "', 'fortran_order': False, 'shape': (",
                                   matrix.dim(0), ", ", matrix.dim(1), "), }");
  constexpr size_t kPreamble = 10;  // magic, version and the header's length
  header.append(63 - (kPreamble + header.size()) % 64, ' ');
  header += '\n';
  write_atomically(file, [&](std::ostream& out) {
    const auto length = static_cast<uint16_t>(header.size());
    out.write("\x93NUMPY\x01\x00", 8);
    out.write(reinterpret_cast<const char*>(&length), sizeof length);
    out << header;
    out.write(reinterpret_cast<const char*>(matrix.data()),
              matrix.numel() * static_cast<int64_t>(sizeof(ag::real)));
  });
}

}  // namespace nn
