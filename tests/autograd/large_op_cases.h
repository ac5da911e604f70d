// Every op at a size at which each kernel splits its work over threads: for the comparison of numbers of threads
// (threads_test.cpp) and for the benchmarks (bench/op_bench.cpp). Named as the cases of op_cases.h.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "autograd/tensor.h"

namespace testing {

enum class ThreadBits : uint8_t {
  Same,       // results and gradients have the same bits for any number of threads
  MayDiffer,  // by rounding: Eigen and oneDNN may cut the sums of a product of large matrices differently
};

struct LargeOpCase {
  std::string name;
  std::vector<ag::Shape> shapes;  // of the inputs that are differentiated
  std::function<ag::Tensor(std::vector<ag::Tensor>&)> op;
  ThreadBits bits = ThreadBits::Same;
};

const std::vector<LargeOpCase>& large_op_cases();

// Standard normal numbers, a function of the stream only.
ag::Tensor random_tensor(const ag::Shape& shape, uint32_t stream);

// What a case is run on: its inputs, leaves that ask for a gradient, and of the result's shape what the gradient is taken along.
struct LargeInputs {
  std::vector<ag::Tensor> leaves;
  ag::Tensor projection;
};
LargeInputs inputs_of(const LargeOpCase& c);

}  // namespace testing
