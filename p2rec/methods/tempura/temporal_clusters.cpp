#include "p2rec/methods/tempura/temporal_clusters.h"

#include <algorithm>
#include <cmath>

namespace p2rec {
namespace {

// cost[begin][end - 1]: of the period [begin, end). The squared distances to the mean sum to the number of
// items minus the squared length of their sum divided by that number, because each has length 1.
std::vector<std::vector<double>> period_costs(const std::vector<int32_t>& items, const ag::Tensor& vectors) {
  const int64_t d = vectors.dim(1);
  const size_t n = items.size();
  std::vector<std::vector<double>> cost(n, std::vector<double>(n));
  for (size_t begin = 0; begin < n; ++begin) {
    std::vector<double> sum(static_cast<size_t>(d));
    double squares = 0;
    for (size_t end = begin + 1; end <= n; ++end) {
      const ag::real* row = vectors.data() + items[end - 1] * d;
      double length = 0, of_sum = 0;
      for (int64_t c = 0; c < d; ++c) length += double(row[c]) * double(row[c]);
      for (int64_t c = 0; c < d && length > 0; ++c) sum[static_cast<size_t>(c)] += row[c] / std::sqrt(length);
      squares += length > 0;
      for (const double s : sum) of_sum += s * s;
      cost[begin][end - 1] = squares - of_sum / static_cast<double>(end - begin);
    }
  }
  return cost;
}

}  // namespace

std::vector<std::vector<int32_t>> temporal_clusters(const std::vector<int32_t>& items,
                                                    const ag::Tensor& item_vectors, int64_t count) {
  const size_t n = items.size(), k = std::min(n, static_cast<size_t>(count));
  const auto cost = period_costs(items, item_vectors);
  // least[p][end]: the smallest cost of the first `end` items in p periods; last[p][end]: where the last of
  // these periods begins.
  std::vector<std::vector<double>> least(k + 1, std::vector<double>(n + 1, INFINITY));
  std::vector<std::vector<size_t>> last(k + 1, std::vector<size_t>(n + 1));
  least[0][0] = 0;
  for (size_t p = 1; p <= k; ++p) {
    for (size_t end = p; end <= n; ++end) {
      for (size_t begin = p - 1; begin < end; ++begin) {
        const double total = least[p - 1][begin] + cost[begin][end - 1];
        if (total < least[p][end]) {
          least[p][end] = total;
          last[p][end] = begin;
        }
      }
    }
  }
  std::vector<std::vector<int32_t>> periods(k);
  size_t end = n;
  for (size_t p = k; p > 0; --p) {
    const size_t begin = last[p][end];
    periods[p - 1].assign(items.begin() + static_cast<ptrdiff_t>(begin),
                          items.begin() + static_cast<ptrdiff_t>(end));
    end = begin;
  }
  return periods;
}

}  // namespace p2rec
