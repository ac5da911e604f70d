// Batches with about the same number of tokens, for fine-tuning. A step's time and memory go with its tokens,
// not with its examples.
#pragma once

#include <cstdint>
#include <vector>

namespace p2rec {

// The batches of an epoch: the smallest number with `tokens` each on average, but no more than examples.
// lengths: the tokens of each example.
int64_t batches_per_epoch(const std::vector<int64_t>& lengths, int64_t tokens);

// The batches of an epoch, in the order of its steps. Each has one or more examples, as indices of `lengths`;
// every example is in one batch. A pure function of its arguments.
//
//   1. all examples are shuffled
//   2. windows of 16 batches are sorted by length, alternately ascending and descending, so a batch across
//      two windows also has examples of similar length, and parts of a batch with the same number of examples
//      have about the same number of tokens
//   3. cut into batches with about the same number of tokens, the epoch's divided by its batches
//   4. the batches are shuffled, so that an epoch does not go from short to long
std::vector<std::vector<int64_t>> token_batches(const std::vector<int64_t>& lengths, int64_t tokens,
                                                uint64_t seed, uint32_t epoch);

// The most tokens of a batch, run in `parts`, in the first epoch.
int64_t most_tokens_of_part(const std::vector<int64_t>& lengths, int64_t tokens, int64_t parts,
                            uint64_t seed);

}  // namespace p2rec
