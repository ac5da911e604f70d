// The tape: what an op records so that gradients can flow back through it.
//
// An op computes its result and calls record() with its inputs and one lambda that turns the gradient of the
// result into the gradients of the inputs. backward() walks the recorded nodes from the newest to the oldest.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "autograd/tensor.h"

namespace ag {

using Grads = std::vector<Tensor>;  // one per input; undefined where none is needed
using Needs = std::vector<bool>;    // which inputs require grad
// dy has the shape of the op's result. A Backward captures the tensors that it needs detached: an attached
// capture of the op's own result would keep the graph alive for ever.
using Backward = std::function<Grads(const Tensor& dy, const Needs& needs)>;

struct Node {
  const char* op = "";         // the op's name, for messages and graph pictures
  uint64_t sequence = 0;       // grows with time: an input's node is always older than its user's
  std::vector<Tensor> inputs;  // dropped as soon as the node ran
  Needs needs;                 // per input
  Backward backward;           // likewise dropped
  bool done = false;

  ~Node();  // frees the nodes that only this one keeps, however many, without recursion
};

// Attaches the history to y, the freshly made result of `op`, and returns it. Does nothing under NoGrad or
// when no input requires a gradient, so frozen parts of a model leave no trace.
Tensor record(const char* op, Tensor y, std::vector<Tensor> inputs, Backward backward);

// True if record() would do something for these inputs: lets an op skip what only its backward needs.
bool will_record(const std::vector<Tensor>& inputs);

// Fills grad() of every leaf that `loss` depends on, adding to what is there. `seed` is the gradient of loss
// itself; it may be left out when loss is one number. The graph is used up: a second call throws.
void backward(const Tensor& loss, const Tensor& seed = {});

// While one of these lives, this thread's ops record nothing.
class NoGrad {
 public:
  NoGrad();
  ~NoGrad();
  NoGrad(const NoGrad&) = delete;
  NoGrad& operator=(const NoGrad&) = delete;

 private:
  bool before_;
};

// The graph that y comes from, one op a line, newest first: "%3 = mul(%2 (4, 3), leaf (4, 3))".
std::string graph_to_string(const Tensor& y);

}  // namespace ag
