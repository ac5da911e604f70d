#include "autograd/offsets.h"

#include <algorithm>

#include "autograd/check.h"

namespace ag {

Offsets::Offsets(const std::vector<int32_t>& lengths) {
  std::vector<int32_t> offsets{0};
  for (int32_t length : lengths) {
    AG_CHECK(length >= 0, "Offsets: a sequence has the length ", length);
    offsets.push_back(offsets.back() + length);
    longest_ = std::max<int64_t>(longest_, length);
  }
  tensor_ = Tensor::from_ints(offsets);
}

Tensor Offsets::last_rows() const {
  Tensor rows = Tensor::empty({sequences()}, DType::I32);
  for (int64_t b = 0; b < sequences(); ++b) {
    AG_CHECK(length(b) > 0, "Offsets: sequence ", b, " is empty, so it has no last row");
    rows.ints()[b] = static_cast<int32_t>(at(b + 1) - 1);
  }
  return rows;
}

}  // namespace ag
