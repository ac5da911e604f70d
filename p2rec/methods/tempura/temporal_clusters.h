// Temporal clusters: a history, cut into periods of similar items.
//
// With the items' vectors scaled to length 1, the cost of a period is the sum of squared distances to its
// mean; the cut has the smallest total cost of all cuts into as many contiguous periods. (Exact, by dynamic
// programming over the last cut: k-means in one dimension, Fisher 1958, with vectors for values.)
#pragma once

#include <vector>

#include "autograd/tensor.h"

namespace p2rec {

// The periods in order, none empty; fewer than `count` if there are fewer items. item_vectors (V,d).
std::vector<std::vector<int32_t>> temporal_clusters(const std::vector<int32_t>& items,
                                                    const ag::Tensor& item_vectors, int64_t count);

}  // namespace p2rec
