// How much memory a training will take: measured first, so that what cannot fit is refused at once.
//
// Small batches run forward and backward, without a step of the optimiser. Memory is linear in a batch's
// tokens, because attention is fused and logits exist only block by block: two batches, one twice as large as
// the other, tell what the largest one will take. The allocator counts for each device, CUDA included.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "autograd/device.h"

namespace p2rec {

// Bytes that tensors on the device can still take, after the cache was given back.
int64_t available_memory(ag::Device device);

class MeasuredMemory {
 public:
  // What tensors on the device take from here on counts. Messages begin with "OPTION: WHAT".
  MeasuredMemory(ag::Device device, std::string option, std::string what);

  // Makes what stays (model, optimiser), then calls batches() and other(). Throws ag::InputError if it fails.
  void measure(const std::function<void()>& work);
  // Runs batches of 1, 2, 4, ... sequences until one has `enough` tokens, all `most` sequences are in it, or
  // the next may not fit. run(n) runs n sequences as the training will and returns their tokens.
  void batches(int64_t most, int64_t enough, const std::function<int64_t(int64_t n)>& run);
  // Work whose memory does not depend on the batch.
  void other(const std::function<void()>& work);

  // The most bytes that are held at once, with batches of at most `tokens` tokens.
  int64_t bytes(int64_t tokens) const;
  // Throws ag::InputError unless that many bytes are available.
  void check(int64_t bytes) const;
  // The bytes that batches of sequences of these lengths need, each run in `parts`, and `besides` more.
  // Throws ag::InputError unless they are available, naming a batch that would fit: "OPTION: WHAT with
  // batches of 512 needs about 3.1 GiB of memory, but 2.0 GiB are available; hint: OPTION 300 would fit".
  int64_t check_batches(const std::vector<int64_t>& lengths, int64_t batch, int64_t parts,
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

// The most tokens of a batch of sequences of these lengths, which come in random order.
int64_t most_tokens(const std::vector<int64_t>& lengths, int64_t batch);

}  // namespace p2rec
