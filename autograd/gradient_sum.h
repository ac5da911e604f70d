// Sums the gradients of all ranks, in buckets, while backward still runs.
//
// backward() completes the last layers' gradients first. As soon as all gradients of a bucket are complete,
// its sum over the ranks starts, and the earlier layers' backward hides the transfer (Li et al., "PyTorch
// Distributed", VLDB 2020). All ranks start the buckets in the same order, as MPI requires.
#pragma once

#include <deque>
#include <functional>
#include <unordered_map>
#include <vector>

#include "autograd/communicator.h"

namespace ag {

// Called with a leaf whose gradient is complete, while backward still runs.
using LeafDone = std::function<void(const Tensor& leaf)>;

// backward(loss) of tape.h, which calls done for each leaf with a gradient.
void backward_with(const Tensor& loss, const LeafDone& done);

class GradientSum {
 public:
  // `parameters` must be the same ones, in the same order, on all ranks.
  GradientSum(std::vector<Tensor> parameters, const Communicator& ranks);

  // For backward_with(): the gradient of this leaf is complete. Other leaves than the parameters are ignored.
  void add(const Tensor& leaf);
  // After backward: waits for the sums. Each parameter then has the sum of its gradients on all ranks, or no
  // gradient if no rank has one.
  void finish();

 private:
  // Some parameters, and their gradients one after the other. One more number per parameter counts the ranks
  // that have a gradient.
  struct Bucket {
    std::vector<Tensor> parameters;
    Tensor sum;
    size_t complete = 0;  // gradients
    PendingSum pending = {};
  };
  void start(Bucket& bucket);
  void take(Bucket& bucket);

  const Communicator& ranks_;
  std::deque<Bucket> buckets_;                          // none for one rank
  std::unordered_map<const real*, Bucket*> bucket_of_;  // by the parameter's memory
  size_t started_ = 0;                                  // buckets
};

}  // namespace ag
