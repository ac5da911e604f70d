// Runs an op case on the inputs of its fixture, if there is one.
#pragma once

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "autograd/rng.h"
#include "autograd/tape.h"
#include "tests/autograd/large_op_cases.h"
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

// True if the fixture has the current form of the case. Only the comparison with PyTorch needs that.
inline bool in_fixture(const OpCase& c, const nn::TensorFile& fixture = op_fixture()) {
  const auto line = fixture.metadata.find(c.name + ".pytorch");
  if (line == fixture.metadata.end() || line->second != c.pytorch) return false;
  for (size_t i = 0; i < c.shapes.size(); ++i) {
    const ag::Tensor* x = fixture.find(numbered(c.name + ".x", i));
    if (!x || x->shape() != c.shapes[i]) return false;
  }
  return !fixture.find(numbered(c.name + ".x", c.shapes.size()));
}
inline const std::string kNoFixture =
    ": not in the fixture as it is; hint: python tests/fixtures/make_ops.py needs torch and NumPy";

// Other numbers than make_ops.py draws, but with the same distribution,
// and also a function of the case's name.
inline ag::Tensor drawn(const OpCase& c, const std::string& name, const ag::Shape& shape) {
  ag::Tensor x = random_tensor(shape, ag::stream(c.name + name));
  if (c.name.ends_with("_positive")) {
    for (int64_t i = 0; i < x.numel(); ++i) x.data()[i] = std::abs(x.data()[i]) + ag::real(0.5);
  }
  return x;
}

inline std::vector<ag::Tensor> inputs_of(const OpCase& c, bool requires_grad,
                                         const nn::TensorFile& fixture = op_fixture()) {
  std::vector<ag::Tensor> inputs;
  const bool known = in_fixture(c, fixture);
  for (size_t i = 0; i < c.shapes.size(); ++i) {
    const std::string name = numbered(".x", i);
    inputs.push_back(known ? fixture.at(c.name + name).clone() : drawn(c, name, c.shapes[i]));
    inputs.back().set_requires_grad(requires_grad);
  }
  return inputs;
}

// The tensor r: dx are the gradients of the number sum(y r), where y is the result.
inline ag::Tensor projection_of(const OpCase& c, const nn::TensorFile& fixture = op_fixture()) {
  if (in_fixture(c, fixture)) return fixture.at(c.name + ".r");
  auto inputs = inputs_of(c, false, fixture);
  return drawn(c, ".r", c.op(inputs).shape());
}

// The fixture's tensor with y's shape: NumPy's contiguous arrays have at least
// one dimension, so () is stored as (1).
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
