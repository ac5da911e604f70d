// Every op, forward and backward, with the tests' cases. A case is small, so op/NAME is the
// cost of calling and recording an op and of running backward. large_op/NAME has a size
// that is worth threads, with one and two.
#include <cmath>

#include "autograd/ops.h"
#include "autograd/parallel.h"
#include "bench/bench.h"
#include "tests/autograd/large_op_cases.h"
#include "tests/autograd/op_cases.h"

namespace bench {
namespace {

using ag::Tensor;
using Op = std::function<Tensor(std::vector<Tensor>&)>;

// Inputs with the distribution of the fixtures' inputs (op_cases.h), from another generator.
std::vector<Tensor> inputs_for(const std::string& name, const std::vector<ag::Shape>& shapes) {
  std::vector<Tensor> inputs;
  for (const ag::Shape& shape : shapes) {
    inputs.push_back(testing::random_tensor(shape, static_cast<uint32_t>(inputs.size())));
    Tensor& x = inputs.back();
    for (int64_t i = 0; name.ends_with("_positive") && i < x.numel(); ++i)
      x.data()[i] = std::abs(x.data()[i]) + ag::real(0.5);
    x.set_requires_grad();
  }
  return inputs;
}

void forward_and_backward(benchmark::State& state, const Op& op, std::vector<Tensor> inputs) {
  const Tensor dy = testing::random_tensor(op(inputs).shape(), 99);
  for (auto _ : state) {
    for (const Tensor& x : inputs) x.zero_grad();
    ag::backward(op(inputs), dy);
  }
}

const bool kRegistered = [] {
  for (const testing::OpCase& c : testing::op_cases()) {
    benchmark::RegisterBenchmark(("op/" + c.name).c_str(), [&c](benchmark::State& state) {
      forward_and_backward(state, c.op, inputs_for(c.name, c.shapes));
    })->UseRealTime();
  }
  for (const testing::LargeOpCase& c : testing::large_op_cases()) {
    benchmark::RegisterBenchmark(("large_op/" + c.name).c_str(),
                                 [&c](benchmark::State& state) {
                                   const int before = ag::thread_count();
                                   ag::set_thread_count(static_cast<int>(state.range(0)));
                                   forward_and_backward(state, c.op, inputs_for(c.name, c.shapes));
                                   ag::set_thread_count(before);
                                 })
        ->ArgName("threads")
        ->Arg(1)
        ->Arg(2)
        ->UseRealTime();
  }
  return true;
}();

}  // namespace
}  // namespace bench
