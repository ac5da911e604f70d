// Estimates the memory of a training before it starts, so that one that does not fit fails at once.
//
// Runs small batches forward and backward, without optimiser steps. Memory is linear in a batch's tokens,
// because attention is fused and logits are computed in blocks. So two batches, one twice as large as the
// other, predict what the largest one will take. The allocator counts for each device, also for CUDA.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "autograd/device.h"

namespace p2rec {

// Bytes that are available for tensors on the device. Releases cached memory first.
int64_t available_memory(ag::Device device);

class MeasuredMemory {
 public:
  // Counts the tensors allocated on the device from now on. Messages begin with "OPTION: WHAT".
  MeasuredMemory(ag::Device device, std::string option, std::string what);

  // Calls `work`, which creates what stays (model, optimiser) and then calls batches() and other(). Throws
  // ag::InputError if memory runs out.
  void measure(const std::function<void()>& work);
  // Runs batches of 1, 2, 4, ... sequences, until one has `enough` tokens or all `most` sequences, or until
  // the next may not fit. run(n) runs n sequences as the training will, and returns their tokens.
  void batches(int64_t most, int64_t enough, const std::function<int64_t(int64_t n)>& run);
  // Measures work whose memory does not depend on the batch.
  void other(const std::function<void()>& work);

  // The peak memory in bytes with batches of at most `tokens` tokens.
  int64_t bytes(int64_t tokens) const;
  // Throws ag::InputError unless that many bytes are available.
  void check(int64_t bytes) const;
  // The peak memory in bytes for batches of this size, plus `besides`. tokens_of(size): the tokens of the
  // largest batch, or of its largest part. If the memory is not available, throws ag::InputError, which names
  // a size that fits: "OPTION: WHAT with batches of 512 needs about 3.1 GiB of memory, but 2.0 GiB are
  // available; hint: OPTION 300 would fit".
  int64_t check_batches(int64_t size, const std::function<int64_t(int64_t size)>& tokens_of,
                        int64_t besides = 0) const;

 private:
  struct Run {
    double tokens = 0, bytes = 0;
  };
  int64_t peak(const std::function<void()>& work) const;

  ag::Device device_;
  std::string option_, what_;
  int64_t before_, available_;
  Run small_, large_;
  int64_t other_ = 0;
};

// The most tokens that a batch has if sequences of these lengths come in random order.
int64_t most_tokens(const std::vector<int64_t>& lengths, int64_t batch);

}  // namespace p2rec
