// Which rows of a table a batch uses, and where: the ids of the batch, sorted by counting. So a kernel that adds
// gradients to a row reads only that row's, in the order of the batch, and one thread or block writes each row.
#pragma once

#include <vector>

#include "autograd/tensor.h"

namespace ag {

// For ids (N) I32 in [0, V): row rows[u] is used at the places at[begin[u]], ..., at[begin[u + 1] - 1] of the
// batch, for u in [0, U). All are I32, on the device.
struct RowUses {
  Tensor rows, begin, at;  // (U), (U+1), (N)

  RowUses(const Tensor& ids, int64_t V, Device device) : at(Tensor::empty({ids.numel()}, DType::I32)) {
    const int32_t *id = ids.ints(), N = static_cast<int32_t>(ids.numel());
    std::vector<int32_t> next(static_cast<size_t>(V)), used, begins;  // next: first how often a row is used
    for (int32_t i = 0; i < N; ++i) ++next[static_cast<size_t>(id[i])];
    int32_t place = 0;
    for (size_t v = 0; v < next.size(); ++v) {
      const int32_t uses = next[v];
      next[v] = place;
      if (uses == 0) continue;
      used.push_back(static_cast<int32_t>(v));
      begins.push_back(place);
      place += uses;
    }
    begins.push_back(place);
    for (int32_t i = 0; i < N; ++i) at.ints()[next[static_cast<size_t>(id[i])]++] = i;
    rows = Tensor::from_ints(used).to(device);
    begin = Tensor::from_ints(begins).to(device);
    at = at.to(device);
  }
  int64_t count() const { return rows.numel(); }  // U
};

}  // namespace ag
