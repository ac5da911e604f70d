// The tape: the record of ops from which backward() computes gradients.
//
// An op computes its result and calls record() with its inputs and one lambda that turns the gradient of the
// result into the gradients of the inputs. backward() runs the recorded nodes from the newest to the oldest.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "autograd/tensor.h"

namespace ag {

using Grads = std::vector<Tensor>;  // one per input; undefined if not needed

// Which inputs require grad.
class Needs : public std::vector<bool> {
 public:
  // The sum of the gradients that input i has already, or undefined. The op that takes it must add its own
  // gradient to it in place and return it. So a product adds to the sum, and no separate addition is needed.
  Tensor take_sum(size_t i) const;

 private:
  friend void backward(const Tensor& loss, const Tensor& seed);
  std::vector<Tensor*> sums_;  // per input during its backward
};

// dy has the shape of the op's result. A Backward captures detached tensors: if it captured the op's own
// result with its history, the graph would own itself and never be freed.
using Backward = std::function<Grads(const Tensor& dy, const Needs& needs)>;

struct Node {
  const char* op = "";         // the op's name, for messages and graph pictures
  uint64_t sequence = 0;       // grows with time: a node has a larger number than its inputs' nodes
  std::vector<Tensor> inputs;  // released as soon as the node ran
  Needs needs;                 // per input
  Backward backward;           // released as soon as the node ran
  bool done = false;

  ~Node();  // frees the nodes that only this one owns, without recursion: a chain may be long
};

// Attaches the history to y, the new result of `op`, and returns it. Does nothing under NoGrad or if no input
// requires grad, so frozen parts of a model record nothing.
Tensor record(const char* op, Tensor y, std::vector<Tensor> inputs, Backward backward);

// True if record() would record these inputs: otherwise an op can skip work that only backward needs.
bool will_record(const std::vector<Tensor>& inputs);

// Adds the gradient of `loss` to grad() of every leaf that loss depends on. `seed` is the gradient of loss
// itself; it can be omitted if loss is one number. The graph is released: a second call throws ag::Error.
void backward(const Tensor& loss, const Tensor& seed = {});

// While an object of this class lives, the ops of its thread record nothing.
class NoGrad {
 public:
  NoGrad();
  ~NoGrad();
  NoGrad(const NoGrad&) = delete;
  NoGrad& operator=(const NoGrad&) = delete;

 private:
  bool before_;
};

// The graph of y, one op per line, newest first: "%3 = mul(%2 (4, 3), leaf (4, 3))".
std::string graph_to_string(const Tensor& y);

}  // namespace ag
