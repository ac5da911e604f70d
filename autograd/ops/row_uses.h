// Where each row of a table is used: the ids of a batch, sorted by counting. So a kernel that adds gradients to
// a row reads only that row's, in the order of the batch, and one thread or block writes each row.
#pragma once

#include "autograd/tensor.h"

namespace ag {

// For ids (N) I32 in [0, V): row v is used at the places at[begin[v]], ..., at[begin[v + 1] - 1] of the batch.
struct RowUses {
  Tensor begin, at;  // (V+1), (N) I32, on the device

  RowUses(const Tensor& ids, int64_t V, Device device)
      : begin(Tensor::zeros({V + 1}, DType::I32)), at(Tensor::empty({ids.numel()}, DType::I32)) {
    const int32_t* id = ids.ints();
    int32_t* first = begin.ints();
    for (int64_t i = 0; i < ids.numel(); ++i) ++first[id[i]];
    for (int64_t v = 0; v < V; ++v) first[v + 1] += first[v];  // now the end of each row's places
    for (int64_t i = ids.numel() - 1; i >= 0; --i) at.ints()[--first[id[i]]] = static_cast<int32_t>(i);
    begin = begin.to(device);
    at = at.to(device);
  }
};

}  // namespace ag
