// Packed sequences: one after the other, without padding.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "autograd/tensor.h"

namespace ag {

// Sequence b is rows [at(b), at(b+1)) of N = at(B) rows.
class Offsets {
 public:
  Offsets() : Offsets(std::vector<int32_t>{}) {}
  explicit Offsets(const std::vector<int32_t>& lengths) {
    std::vector<int32_t> offsets{0};
    for (const int32_t length : lengths) {
      AG_CHECK(length >= 0, "Offsets: a sequence has the length ", length);
      offsets.push_back(offsets.back() + length);
      longest_ = std::max<int64_t>(longest_, length);
    }
    tensor_ = Tensor::from_ints(offsets);
  }
  int64_t sequences() const { return tensor_.numel() - 1; }
  int64_t rows() const { return at(sequences()); }
  int64_t at(int64_t b) const { return tensor_.ints()[b]; }
  int64_t length(int64_t b) const { return at(b + 1) - at(b); }
  int64_t longest() const { return longest_; }
  const Tensor& tensor() const { return tensor_; }  // (B+1) I32
  Tensor last_rows() const {  // (B) I32: the last row of each sequence; ag::Error if a sequence is empty
    Tensor rows = Tensor::empty({sequences()}, DType::I32);
    for (int64_t b = 0; b < sequences(); ++b) {
      AG_CHECK(length(b) > 0, "Offsets: sequence ", b, " is empty, so it has no last row");
      rows.ints()[b] = static_cast<int32_t>(at(b + 1) - 1);
    }
    return rows;
  }

 private:
  Tensor tensor_;
  int64_t longest_ = 0;
};

}  // namespace ag
