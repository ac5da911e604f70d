#include "p2rec/llm/token_batches.h"

#include <algorithm>
#include <numeric>

#include "autograd/rng.h"
#include "p2rec/training/loop.h"

namespace p2rec {
namespace {

constexpr uint32_t kExampleOrderStream = ag::stream("user order"),
                   kBatchOrderStream = ag::stream("batch order");
constexpr int64_t kBatchesOfWindow = 16;

int64_t sum(const std::vector<int64_t>& lengths) {
  return std::reduce(lengths.begin(), lengths.end(), int64_t{0});
}

// Shuffled, then sorted by length within windows, alternately ascending and descending, so a batch across two
// windows also has examples of similar length.
std::vector<int64_t> example_order(const std::vector<int64_t>& lengths, int64_t window, uint64_t seed,
                                   uint32_t epoch) {
  const auto shuffled =
      ag::random_permutation({seed, epoch, kExampleOrderStream}, static_cast<int32_t>(lengths.size()));
  std::vector<int64_t> order(shuffled.begin(), shuffled.end());
  bool up = true;
  for (auto begin = order.begin(); begin != order.end(); up = !up) {
    const auto end = begin + std::min(window, order.end() - begin);
    std::stable_sort(begin, end, [&](int64_t a, int64_t b) {
      const int64_t longer = lengths[static_cast<size_t>(b)] - lengths[static_cast<size_t>(a)];
      return up ? longer > 0 : longer < 0;
    });
    begin = end;
  }
  return order;
}

// Cuts where the tokens so far are nearest to the batch's share of all. Every batch gets an example.
std::vector<std::vector<int64_t>> cut(const std::vector<int64_t>& order, const std::vector<int64_t>& lengths,
                                      int64_t batches) {
  std::vector<std::vector<int64_t>> result(static_cast<size_t>(batches));
  const int64_t all = sum(lengths);
  int64_t tokens = 0, next = 0;
  for (int64_t b = 0; b < batches; ++b) {
    auto& batch = result[static_cast<size_t>(b)];
    const int64_t wanted = all * (b + 1) / batches, left_for_others = batches - 1 - b;
    for (; next < std::ssize(order) - left_for_others; ++next) {
      const int64_t example = order[static_cast<size_t>(next)],
                    length = lengths[static_cast<size_t>(example)];
      if (!batch.empty() && tokens + length / 2 > wanted) break;
      batch.push_back(example);
      tokens += length;
    }
  }
  return result;
}

}  // namespace

int64_t batches_per_epoch(const std::vector<int64_t>& lengths, int64_t tokens) {
  return std::min((sum(lengths) + tokens - 1) / tokens, std::ssize(lengths));
}

std::vector<std::vector<int64_t>> token_batches(const std::vector<int64_t>& lengths, int64_t tokens,
                                                uint64_t seed, uint32_t epoch) {
  const int64_t batches = batches_per_epoch(lengths, tokens),
                window = kBatchesOfWindow * std::ssize(lengths) / batches;
  auto in_order = cut(example_order(lengths, window, seed, epoch), lengths, batches);
  std::vector<std::vector<int64_t>> result;
  for (const int32_t b :
       ag::random_permutation({seed, epoch, kBatchOrderStream}, static_cast<int32_t>(batches)))
    result.push_back(std::move(in_order[static_cast<size_t>(b)]));
  return result;
}

int64_t most_tokens_of_part(const std::vector<int64_t>& lengths, int64_t tokens, int64_t parts,
                            uint64_t seed) {
  int64_t most = 0;
  for (const std::vector<int64_t>& batch : token_batches(lengths, tokens, seed, 0)) {
    for (BatchPart part{0, parts}; part.index < parts; ++part.index) {
      int64_t found = 0;
      for (const int64_t example : part.of(std::span(batch))) found += lengths[static_cast<size_t>(example)];
      most = std::max(most, found);
    }
  }
  return most;
}

}  // namespace p2rec
