// Running an op case on the inputs of its fixture.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "autograd/tape.h"
#include "tests/autograd/op_cases.h"
#include "tests/testing.h"

namespace testing {

using Op = std::function<ag::Tensor(std::vector<ag::Tensor>&)>;

inline const nn::TensorFile& op_fixture() {
  static const nn::TensorFile file = fixture("ops.safetensors");
  return file;
}

inline const OpCase& op_case(const std::string& name) {
  for (const OpCase& c : op_cases()) {
    if (c.name == name) return c;
  }
  throw ag::Error("there is no op case '" + name + "'");
}

inline std::string numbered(const std::string& text, size_t i) { return text + std::to_string(i); }

inline std::vector<ag::Tensor> inputs_of(const OpCase& c, bool requires_grad) {
  std::vector<ag::Tensor> inputs;
  for (size_t i = 0; i < c.shapes.size(); ++i) {
    inputs.push_back(op_fixture().at(numbered(c.name + ".x", i)).clone());
    inputs.back().set_requires_grad(requires_grad);
  }
  return inputs;
}

// The tensor r that turns the result y into the number sum(y r), of which dx are the gradients.
inline const ag::Tensor& projection_of(const OpCase& c) { return op_fixture().at(c.name + ".r"); }

// What the fixture holds for y: NumPy's contiguous arrays have at least one dimension, so it has () as (1).
inline ag::Tensor shaped_for(const ag::Tensor& y, const ag::Tensor& stored) {
  return y.rank() == 0 ? stored.view({}) : stored;
}

struct Run {
  ag::Tensor y;
  std::vector<ag::Tensor> dx;
};

inline Run run(const Op& op, std::vector<ag::Tensor> inputs, const ag::Tensor& projection) {
  Run result{op(inputs), {}};
  backward(result.y, shaped_for(result.y, projection));
  for (const ag::Tensor& x : inputs) result.dx.push_back(x.grad());
  return result;
}

inline Run run(const OpCase& c) { return run(c.op, inputs_of(c, true), projection_of(c)); }

inline bool same_bits(const ag::Tensor& a, const ag::Tensor& b) {
  return a.shape() == b.shape() && std::equal(a.data(), a.data() + a.numel(), b.data());
}

}  // namespace testing
