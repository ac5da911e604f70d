// A batch's ids for the kernels that add gradients to the rows of a table. On the CPU they are the ids: each
// thread searches them for its range of rows, in the order of the batch, which reads memory in order. On CUDA
// each block has one row, so it needs the places of that row: the ids sorted by counting.
#pragma once

#include <vector>

#include "autograd/kernels.h"

namespace ag {

struct SortedRows {
  Tensor rows, begin, at;  // (U), (U+1), (N) I32: see TableUses
};
inline SortedRows sorted_by_row(const Tensor& ids /*(N) I32*/, int64_t V) {
  const int32_t *id = ids.ints(), N = static_cast<int32_t>(ids.numel());
  std::vector<int32_t> next(static_cast<size_t>(V)), rows, begins, at(static_cast<size_t>(N));
  for (int32_t i = 0; i < N; ++i) ++next[static_cast<size_t>(id[i])];
  int32_t place = 0;
  for (size_t v = 0; v < next.size(); ++v) {
    const int32_t uses = next[v];
    next[v] = place;
    if (uses == 0) continue;
    rows.push_back(static_cast<int32_t>(v));
    begins.push_back(place);
    place += uses;
  }
  begins.push_back(place);
  for (int32_t i = 0; i < N; ++i) at[static_cast<size_t>(next[static_cast<size_t>(id[i])]++)] = i;
  return {Tensor::from_ints(rows), Tensor::from_ints(begins), Tensor::from_ints(at)};
}

class RowUses {
 public:
  RowUses(const Tensor& ids, int64_t V, Device device) {
    if (device == Device::CPU) {
      uses_ = {.ids = ids.ints(), .N = ids.numel(), .V = V};
      return;
    }
    sorted_ = sorted_by_row(ids, V);
    for (Tensor* x : {&sorted_.rows, &sorted_.begin, &sorted_.at}) *x = x->to(device);
    uses_ = {.rows = sorted_.rows.ints(),
             .begin = sorted_.begin.ints(),
             .at = sorted_.at.ints(),
             .U = sorted_.rows.numel()};
  }
  const TableUses& uses() const { return uses_; }  // while this object and the ids live

 private:
  SortedRows sorted_;
  TableUses uses_;
};

}  // namespace ag
