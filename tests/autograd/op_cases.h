// One case per op and situation. The list serves the gradient check, the comparison with PyTorch, and that of
// fused with composed forms (ops_test.cpp).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "autograd/tensor.h"

namespace testing {

// The name of a case is its op, and the situation: "softmax", "softmax_one_row". Its inputs are standard
// normal and exact in f32; if the name ends in "_positive", they are abs(normal) + 0.5. `pytorch` is the same
// computation of x0, x1, ... as one expression: tests/fixtures/make_ops.py reads it from the text of
// op_cases.cpp and writes inputs, result and gradients to tests/fixtures/ops.safetensors.
struct OpCase {
  std::string name;
  std::vector<ag::Shape> shapes;  // of the inputs that require grad
  std::function<ag::Tensor(std::vector<ag::Tensor>&)> op;
  std::string pytorch;
};

const std::vector<OpCase>& op_cases();

}  // namespace testing
