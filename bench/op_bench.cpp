// Every op, forward and backward, from the tests' own cases. At a case's few numbers, op/NAME is what it costs to call,
// record and walk an op; large_op/NAME is the same at a size that is worth threads, with one and with two.
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

// As the fixtures' inputs are drawn (op_cases.h), but from another generator.
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
