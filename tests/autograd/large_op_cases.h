// Every op at a size at which its kernels split their work over threads, to compare numbers of threads
// (threads_test.cpp) and for the benchmarks (bench/op_bench.cpp). The names are those of op_cases.h.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "autograd/tensor.h"

namespace testing {

enum class ThreadBits : uint8_t {
  Same,       // results and gradients have the same bits for any number of threads
  MayDiffer,  // by rounding: Eigen and oneDNN may split the sums of a large product differently
};

struct LargeOpCase {
  std::string name;
  std::vector<ag::Shape> shapes;  // of the inputs that require grad
  std::function<ag::Tensor(std::vector<ag::Tensor>&)> op;
  ThreadBits bits = ThreadBits::Same;
};

const std::vector<LargeOpCase>& large_op_cases();

// Standard normal numbers, a function of the stream only.
ag::Tensor random_tensor(const ag::Shape& shape, uint32_t stream);

// The inputs of a case, which are leaves that require grad, and the gradient of its result.
struct LargeInputs {
  std::vector<ag::Tensor> leaves;
  ag::Tensor projection;
};
LargeInputs inputs_of(const LargeOpCase& c);

}  // namespace testing
