#include "autograd/tape.h"

#include <algorithm>
#include <atomic>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "autograd/gradient_sum.h"
#include "autograd/kernels.h"

namespace ag {
namespace {

thread_local bool grad_enabled = true;
thread_local const LeafDone* leaf_done = nullptr;  // of the backward that runs
std::atomic<uint64_t> next_sequence{1};

// All nodes that y depends on, newest first. An explicit stack: a graph may be deeper than the call stack.
std::vector<std::shared_ptr<Node>> nodes_of(const Tensor& y) {
  std::vector<std::shared_ptr<Node>> found, stack{y.node()};
  std::unordered_set<const Node*> seen;
  while (!stack.empty()) {
    std::shared_ptr<Node> node = std::move(stack.back());
    stack.pop_back();
    if (!node || !seen.insert(node.get()).second) continue;
    for (const Tensor& input : node->inputs) {
      if (input.defined()) stack.push_back(input.node());
    }
    found.push_back(std::move(node));
  }
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a->sequence > b->sequence; });
  return found;
}

// y += x
void add_in_place(const Tensor& y, const Tensor& x) { DISPATCH(y.device(), axpy, y, real(1), x, x.numel()); }

// sum += g. In place if no other tensor shares sum's memory; otherwise sum becomes a new tensor.
void accumulate(Tensor& sum, Tensor g) {
  if (!sum.defined()) {
    sum = std::move(g);
  } else if (sum.owns_alone()) {
    add_in_place(sum, g);
  } else if (g.owns_alone()) {
    add_in_place(g, sum);
    sum = std::move(g);
  } else {
    Tensor total = sum.clone();
    add_in_place(total, g);
    sum = std::move(total);
  }
}

// A leaf must own its gradient: the leaf keeps it, and the optimiser writes into it.
void accumulate_leaf(const Tensor& leaf, Tensor g) {
  Tensor sum = leaf.grad();
  leaf.zero_grad();
  accumulate(sum, std::move(g));
  leaf.set_grad(sum.owns_alone() ? std::move(sum) : sum.clone());
}

}  // namespace

Node::~Node() {
  std::vector<Tensor> stack = std::move(inputs);
  while (!stack.empty()) {
    const std::shared_ptr<Node> node = stack.back().defined() ? stack.back().node() : nullptr;
    stack.pop_back();
    if (!node || node.use_count() > 1) continue;
    // No other owner is left, so this node is destroyed here, after its inputs are moved to the stack.
    stack.insert(stack.end(), node->inputs.begin(), node->inputs.end());
    node->inputs.clear();
  }
}

Tensor Needs::take_sum(size_t i) const {
  Tensor* sum = sums_[i];
  return sum && sum->defined() && sum->owns_alone() ? std::exchange(*sum, Tensor()) : Tensor();
}

bool will_record(const std::vector<Tensor>& inputs) {
  if (!grad_enabled) return false;
  return std::any_of(inputs.begin(), inputs.end(),
                     [](const Tensor& x) { return x.defined() && x.requires_grad(); });
}

Tensor record(const char* op, Tensor y, std::vector<Tensor> inputs, Backward backward) {
  if (!will_record(inputs)) return y;
  auto node = std::make_shared<Node>();
  node->op = op;
  node->sequence = next_sequence++;
  for (Tensor& x : inputs) {
    node->needs.push_back(x.defined() && x.requires_grad());
    // The node does not keep an input without a gradient; the lambda keeps it if it needs the numbers.
    node->inputs.push_back(node->needs.back() ? std::move(x) : Tensor());
  }
  node->backward = std::move(backward);
  y.set_node(std::move(node));
  return y;
}

void backward(const Tensor& loss, const Tensor& seed) {
  AG_CHECK(loss.requires_grad(),
           "backward: the loss depends on nothing that requires grad; hint: were the "
           "parameters frozen, or was it computed under NoGrad?");
  AG_CHECK(seed.defined() || loss.numel() == 1, "backward: the loss has shape ", loss.shape(),
           "; hint: reduce it to one number or give its gradient as seed");
  AG_CHECK(!seed.defined() || seed.shape() == loss.shape(), "backward: the seed has shape ", seed.shape(),
           " but the loss ", loss.shape());
  NoGrad no_grad;  // the ops of backward are not recorded
  Tensor dloss = seed.defined() ? seed.detach() : Tensor::full(loss.shape(), 1, loss.device());
  if (loss.is_leaf()) return accumulate_leaf(loss, std::move(dloss));

  std::vector<std::shared_ptr<Node>> nodes = nodes_of(loss);
  for (const auto& node : nodes) {
    AG_CHECK(
        !node->done, "backward: the graph through '", node->op,
        "' has been used up by an earlier backward(); hint: compute the loss again, or add the losses first");
  }
  std::unordered_map<const real*, int64_t> uses;  // of each leaf, by its memory: inputs still to come
  if (leaf_done) {
    for (const auto& node : nodes) {
      for (const Tensor& x : node->inputs) uses[x.defined() && x.is_leaf() ? x.data() : nullptr] += 1;
    }
  }
  std::unordered_map<const Node*, Tensor> pending;  // gradients of tensors that are not leaves
  pending[loss.node().get()] = std::move(dloss);
  for (auto& node : nodes) {
    Grads grads;
    {
      Tensor dy = std::move(pending[node.get()]);
      pending.erase(node.get());
      for (const Tensor& x : node->inputs)
        node->needs.sums_.push_back(x.defined() && !x.is_leaf() ? &pending[x.node().get()] : nullptr);
      if (dy.defined()) grads = node->backward(dy, node->needs);
    }
    node->done = true;
    node->backward = nullptr;
    std::vector<Tensor> inputs = std::move(node->inputs);
    AG_CHECK(grads.empty() || grads.size() == inputs.size(), node->op, ": its backward returned ",
             grads.size(), " gradients for ", inputs.size(), " inputs");
    for (size_t i = 0; i < grads.size(); ++i) {
      if (!node->needs[i] || !grads[i].defined()) continue;
      AG_CHECK(grads[i].shape() == inputs[i].shape(), node->op, ": the gradient of input ", i, " has shape ",
               grads[i].shape(), " but the input ", inputs[i].shape());
      if (inputs[i].is_leaf()) {
        accumulate_leaf(inputs[i], std::move(grads[i]));
      } else {
        accumulate(pending[inputs[i].node().get()], std::move(grads[i]));
      }
    }
    for (const Tensor& x : inputs) {
      if (leaf_done && x.defined() && x.is_leaf() && --uses[x.data()] == 0) (*leaf_done)(x);
    }
    node.reset();
  }
}

void backward_with(const Tensor& loss, const LeafDone& done) {
  struct Told {
    explicit Told(const LeafDone& now) { leaf_done = &now; }
    ~Told() { leaf_done = nullptr; }
  } const told(done);
  backward(loss);
}

NoGrad::NoGrad() : before_(grad_enabled) { grad_enabled = false; }
NoGrad::~NoGrad() { grad_enabled = before_; }

std::string graph_to_string(const Tensor& y) {
  std::string text;
  std::unordered_map<const Node*, int> name;
  const auto nodes = nodes_of(y);
  int count = static_cast<int>(nodes.size());
  for (const auto& node : nodes) name[node.get()] = count--;
  for (const auto& node : nodes) {
    text += message('%', name[node.get()], " = ", node->op, '(');
    for (size_t i = 0; i < node->inputs.size(); ++i) {
      const Tensor& x = node->inputs[i];
      if (i) text += ", ";
      if (!x.defined()) {
        text += "constant";
      } else if (x.is_leaf()) {
        text += message("leaf ", x.shape());
      } else {
        text += message('%', name[x.node().get()], ' ', x.shape());
      }
    }
    text += ")\n";
  }
  return text;
}

}  // namespace ag
