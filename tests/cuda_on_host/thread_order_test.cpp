// A result must not depend on the order in which the threads of a block run between two __syncthreads. If it
// does, a __syncthreads is missing.
#include "autograd/gemm.h"
#include "autograd/ops.h"
#include "cuda_runtime.h"
#include "tests/autograd/large_op_cases.h"
#include "tests/autograd/op_runs.h"

using ag::Device;
using ag::Tensor;

namespace {

class OrderGuard {
 public:
  explicit OrderGuard(cuda_on_host::Order order) { cuda_on_host::set_thread_order(order); }
  ~OrderGuard() { cuda_on_host::set_thread_order(cuda_on_host::Order::Ascending); }
  OrderGuard(const OrderGuard&) = delete;
  OrderGuard& operator=(const OrderGuard&) = delete;
};

// All numbers of the result and the gradients.
template <class Op>
std::vector<ag::real> numbers(const Op& op, const std::vector<Tensor>& given, const Tensor& projection,
                              cuda_on_host::Order order) {
  const OrderGuard guard(order);
  std::vector<Tensor> inputs;
  for (const Tensor& x : given) inputs.push_back(x.detach().to(Device::CUDA).set_requires_grad());
  const testing::Run run = testing::run(op, inputs, projection.to(Device::CUDA));
  std::vector<ag::real> all = run.y.values();
  for (const Tensor& dx : run.dx) {
    const std::vector<ag::real> some = dx.values();
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

}  // namespace

TEST_CASE("the threads of a block may run in any order") {
  using enum cuda_on_host::Order;
  ag::set_cublas(false);  // the tiled product has threads
  for (const testing::OpCase& c : testing::op_cases()) {
    CAPTURE(c.name);
    const auto inputs = testing::inputs_of(c, false);
    const Tensor projection = testing::projection_of(c);
    CHECK(numbers(c.op, inputs, projection, Ascending) == numbers(c.op, inputs, projection, Descending));
  }
  for (const testing::LargeOpCase& c : testing::large_op_cases()) {
    CAPTURE(c.name);
    const auto [inputs, projection] = testing::inputs_of(c);
    CHECK(numbers(c.op, inputs, projection, Ascending) == numbers(c.op, inputs, projection, Descending));
  }
}

TEST_CASE("the replacement of CUDA finds a missing __syncthreads") {
  // Each thread reads its neighbour's number. Without a __syncthreads before the read, the order matters.
  const auto neighbours = [](cuda_on_host::Order order, bool wait) {
    const OrderGuard guard(order);
    constexpr unsigned kCount = 8;
    std::vector<int> tile(kCount, 0), found(kCount);
    cuda_on_host::run_grid(1, kCount, [&] {
      tile[threadIdx.x] = static_cast<int>(threadIdx.x) + 1;
      if (wait) __syncthreads();
      found[threadIdx.x] = tile[(threadIdx.x + 1) % kCount];
    });
    return found;
  };
  using enum cuda_on_host::Order;
  CHECK(neighbours(Ascending, true) == neighbours(Descending, true));
  CHECK(neighbours(Ascending, false) != neighbours(Descending, false));
}
