#include "01_scalar_autograd/b_topological_order.h"

#include <map>

using exercise::scalar::add, exercise::scalar::leaf, exercise::scalar::mul, exercise::scalar::Value;

namespace {

// The numbers of a graph, the loss last. They are released one by one: a long chain's destructor is
// recursive.
struct Graph {
  std::vector<Value> numbers;
  Value push(const Value& x) {
    x->sequence = 0;
    return numbers.emplace_back(x);
  }
  ~Graph() {
    for (const Value& x : numbers) x->inputs.clear();
  }
};

void judge(exercise::Grade& grade, const Graph& graph) {
  const Value& loss = graph.numbers.back();
  const std::vector<Value> order = exercise::n01b::topological_order(loss);
  std::map<const exercise::scalar::Number*, size_t> place;
  for (size_t i = 0; i < order.size(); ++i) place.emplace(order[i].get(), i);
  grade.check(place.size() == order.size(),
              "a number is listed more than once; hint: remember what was seen");
  grade.check(!order.empty() && order[0] == loss, "the first is not the loss");
  const auto expected = static_cast<int64_t>(graph.numbers.size());
  if (!grade.equal("the count of numbers", {static_cast<int64_t>(place.size())}, {expected})) return;
  for (const Value& x : order) {
    for (const Value& input : x->inputs) {
      if (!grade.check(place[input.get()] > place[x.get()],
                       ag::message("the number ", input->data, " comes before ", x->data,
                                   ", which uses it: its gradient is not complete then")))
        return;
    }
  }
}

}  // namespace

EXERCISE("01b", 4, "The order of backward") {
  grade.part("a chain of three ops", [&] {
    Graph graph;
    Value x = graph.push(leaf(2));
    for (int i = 0; i < 3; ++i) x = graph.push(mul(x, x));
    judge(grade, graph);
  });
  grade.part("a diamond", [&] {
    // loss = h (3 + h) with h = 2 5. The loss uses h directly and through the sum.
    Graph graph;
    const Value a = graph.push(leaf(2)), b = graph.push(leaf(5)), c = graph.push(leaf(3));
    const Value h = graph.push(mul(a, b));
    const Value sum = graph.push(add(c, h));
    graph.push(mul(h, sum));
    judge(grade, graph);
  });
  grade.part("a graph with 2^60 paths", [&] {
    Graph graph;
    Value x = graph.push(leaf(1));
    for (int i = 0; i < 60; ++i) x = graph.push(add(x, x));
    judge(grade, graph);
  });
  grade.part("a chain of 100,000 ops", [&] {
    Graph graph;
    Value x = graph.push(leaf(1));
    for (int i = 0; i < 100'000; ++i) x = graph.push(add(x, x));
    judge(grade, graph);
  });
}
