// Results must not depend on the number of threads. The sizes are so large that each kernel splits its work.
#include "tests/autograd/threads.h"
#include "autograd/gemm.h"
#include "autograd/ops.h"
#include "autograd/parallel.h"
#include "tests/autograd/declared_ops.h"
#include "tests/autograd/large_op_cases.h"
#include "tests/autograd/op_runs.h"

using ag::Mask;
using ag::Offsets;
using ag::Tensor;
using testing::LargeOpCase;
using testing::random_tensor;
using testing::ThreadBits;
using testing::ThreadCount;

namespace {

testing::Run run_with(int threads, const LargeOpCase& c) {
  const ThreadCount guard(threads);
  const testing::LargeInputs inputs = testing::inputs_of(c);
  return testing::run(c.op, inputs.leaves, inputs.projection);
}

}  // namespace

TEST_CASE("every case gives the same bits for one thread and two") {
  for (const testing::OpCase& c : testing::op_cases()) {
    const auto with = [&](int threads) {
      const ThreadCount guard(threads);
      return testing::run(c);
    };
    const testing::Run one = with(1), two = with(2);
    CAPTURE(c.name);
    CHECK(testing::same_bits(one.y, two.y));
    for (size_t i = 0; i < one.dx.size(); ++i) CHECK(testing::same_bits(one.dx[i], two.dx[i]));
  }
}

TEST_CASE("every op has a large case") {
  std::set<std::string> ops = testing::declared_ops();
  for (const LargeOpCase& c : testing::large_op_cases()) {
    CAPTURE(c.name);
    CHECK_FALSE(testing::op_of(c.name).empty());
    ops.erase(testing::op_of(c.name));
  }
  // reshape touches no number, the others consist of ops with a large case.
  std::erase_if(ops, [](const std::string& op) { return op.ends_with("_composed"); });
  CHECK(ops == std::set<std::string>{"reshape"});
}

TEST_CASE("large tensors give the same bits for one, two and three threads") {
  for (const LargeOpCase& c : testing::large_op_cases()) {
    if (c.bits == ThreadBits::MayDiffer) continue;
    const testing::Run one = run_with(1, c);
    for (int threads : {2, 3}) {
      INFO(c.name, ", threads: ", threads);
      const testing::Run several = run_with(threads, c);
      CHECK(testing::same_bits(one.y, several.y));
      for (size_t i = 0; i < one.dx.size(); ++i) CHECK(testing::same_bits(one.dx[i], several.dx[i]));
    }
  }
}

TEST_CASE(
    "matrix products differ by rounding at most for one thread and two, and not at all for two and two") {
  for (const LargeOpCase& c : testing::large_op_cases()) {
    if (c.bits == ThreadBits::Same) continue;
    const testing::Run one = run_with(1, c), two = run_with(2, c), again = run_with(2, c);
    const std::string name = c.name + ", " + ag::gemm_backend_name();
    INFO(name);
    testing::check_close(two.y, one.y, testing::tolerance::kFused, name);
    CHECK(testing::same_bits(two.y, again.y));
    for (size_t i = 0; i < one.dx.size(); ++i) {
      testing::check_close(two.dx[i], one.dx[i], testing::tolerance::kFused, name);
      CHECK(testing::same_bits(two.dx[i], again.dx[i]));
    }
  }
}

TEST_CASE("an exception in a parallel loop reaches the caller, and the other iterations run") {
  for (const int threads : {1, 2, 3}) {
    const ThreadCount guard(threads);
    std::vector<int> done(100, 0);
    const auto loop = [&] {
      ag::parallel_for(100, 1 << 20, [&](int64_t i) {
        done[static_cast<size_t>(i)] = 1;
        if (i == 70) throw ag::InputError("seventy");
      });
    };
    CHECK_THROWS_WITH_AS(loop(), "seventy", ag::InputError);
    CHECK(done == std::vector<int>(100, 1));
  }
}

TEST_CASE("the number of threads may change between forward and backward") {
  const auto attend = [](int forward_threads, int backward_threads) {
    std::vector<Tensor> qkv;
    for (uint32_t i = 0; i < 3; ++i) {
      qkv.push_back(random_tensor({400, 8, 16}, i));
      qkv.back().set_requires_grad();
    }
    const Offsets offsets({200, 100, 100});
    Tensor y;
    {
      const ThreadCount guard(forward_threads);
      y = attention(qkv[0], qkv[1], qkv[2], offsets, offsets, Mask::None);
    }
    const ThreadCount guard(backward_threads);
    backward(y, random_tensor({400, 8, 16}, 9));
    return qkv;
  };
  const std::vector<Tensor> expected = attend(1, 1), found = attend(1, 4);
  for (size_t i = 0; i < 3; ++i) CHECK(testing::same_bits(found[i].grad(), expected[i].grad()));
}
