// Shared by the exercises of chapter 01: a number with its history, as short as it can be. A Value is a
// handle; copies share the number, the gradient and the history.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace exercise::scalar {

struct Number;
using Value = std::shared_ptr<Number>;
using Grads = std::vector<double>;                 // one for each input
using Backward = std::function<Grads(double dy)>;  // the chain rule of one op

struct Number {
  double data = 0;
  double grad = 0;            // d loss / d this
  uint64_t sequence = 0;      // a result has a larger number than its inputs
  std::vector<Value> inputs;  // none: a leaf
  Backward backward;
};

inline Value leaf(double data) {
  Value x = std::make_shared<Number>();
  x->data = data;
  return x;
}

// Every op ends with it.
inline Value record(double data, std::vector<Value> inputs, Backward backward) {
  static uint64_t next = 1;
  Value y = leaf(data);
  y->sequence = next++;
  y->inputs = std::move(inputs);
  y->backward = std::move(backward);
  return y;
}

inline Value add(const Value& a, const Value& b) {
  return record(a->data + b->data, {a, b}, [](double dy) { return Grads{dy, dy}; });
}
inline Value mul(const Value& a, const Value& b) {
  const double x = a->data, y = b->data;
  return record(x * y, {a, b}, [x, y](double dy) { return Grads{dy * y, dy * x}; });
}

}  // namespace exercise::scalar
