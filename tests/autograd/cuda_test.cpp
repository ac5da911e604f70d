// Every op and optimiser on CUDA, compared with PyTorch's fixtures, and with the CPU at sizes of many blocks.
// The tests run only with P2REC_TEST_DEVICE=cuda. They are built twice: with nvcc ([SKIPPED] without a
// device), and with kernels that run on the host (cuda_on_host/).
#include "autograd/gemm.h"
#include "autograd/ops.h"
#include "nn/lora.h"
#include "nn/optim.h"
#include "tests/autograd/large_op_cases.h"
#include "tests/autograd/op_runs.h"

using ag::Device;
using ag::real;
using ag::Tensor;
using testing::check_close;
using testing::op_cases;
using testing::OpCase;
namespace tolerance = testing::tolerance;

// Runs only if P2REC_TEST_DEVICE is cuda; other runs of the tests may have no device.
#define CUDA_TEST_CASE(name) TEST_CASE(name* doctest::skip(testing::device() != ag::Device::CUDA))

namespace {

Tensor on_cuda(const Tensor& x) { return x.to(Device::CUDA); }

std::vector<Tensor> leaves_on_cuda(const std::vector<Tensor>& inputs) {
  std::vector<Tensor> moved;
  for (const Tensor& x : inputs) moved.push_back(on_cuda(x.detach()).set_requires_grad());
  return moved;
}

// Calls f with the tiled product, and with cuBLAS if it was built in.
template <class F>
void with_each_product(const F& f) {
  const bool before = ag::uses_cublas();
  for (const bool cublas : {false, true}) {
    if (cublas && !ag::has_cublas()) continue;
    ag::set_cublas(cublas);
    INFO(ag::gemm_backend_name(Device::CUDA));
    f();
  }
  ag::set_cublas(before);
}

void check_op_cases() {
  for (const OpCase& c : op_cases()) {
    CHECK_MESSAGE(testing::in_fixture(c), c.name, testing::kNoFixture);
    if (!testing::in_fixture(c)) continue;
    const auto inputs = leaves_on_cuda(testing::inputs_of(c, false));
    const testing::Run found = testing::run(c.op, inputs, on_cuda(testing::projection_of(c)));
    CAPTURE(c.name);
    CHECK(found.y.device() == Device::CUDA);
    check_close(found.y, testing::shaped_for(found.y, testing::op_fixture().at(c.name + ".y")),
                tolerance::kOpForward, c.name + ".y");
    for (size_t i = 0; i < found.dx.size(); ++i) {
      const std::string name = testing::numbered(c.name + ".dx", i);
      INFO(name);
      REQUIRE(found.dx[i].defined());
      CHECK(found.dx[i].device() == Device::CUDA);
      check_close(found.dx[i], testing::op_fixture().at(name), tolerance::kOpGradient, name);
    }
  }
}

void check_large_op_cases() {
  for (const testing::LargeOpCase& c : testing::large_op_cases()) {
    CAPTURE(c.name);
    const auto [inputs, projection] = testing::inputs_of(c);
    const testing::Run expected = testing::run(c.op, inputs, projection),
                       found = testing::run(c.op, leaves_on_cuda(inputs), on_cuda(projection)),
                       again = testing::run(c.op, leaves_on_cuda(inputs), on_cuda(projection));
    check_close(found.y, expected.y, tolerance::kFused, c.name);
    CHECK(found.y.values() == again.y.values());
    for (size_t i = 0; i < inputs.size(); ++i) {
      check_close(found.dx[i], expected.dx[i], tolerance::kFused, testing::numbered(c.name + ".dx", i));
      CHECK(found.dx[i].values() == again.dx[i].values());
    }
  }
}

}  // namespace

CUDA_TEST_CASE("tensors move to the device and back, and are filled and copied on it") {
  const Tensor x = Tensor::from({2, 3}, {1, 2, 3, 4, 5, 6}), there = on_cuda(x);
  CHECK(there.device() == Device::CUDA);
  CHECK(there.values() == x.values());
  CHECK(there.to(Device::CUDA).same_as(there));
  CHECK(there.to(Device::CPU).values() == x.values());
  CHECK(ag::to_string(there) == ag::to_string(x));
  CHECK(there.rows(1, 2).values() == std::vector<real>{4, 5, 6});
  const Tensor copy = there.clone();
  CHECK(copy.device() == Device::CUDA);
  Tensor(copy).fill(7);
  CHECK(copy.values() == std::vector<real>(6, 7));
  CHECK(there.values() == x.values());
  CHECK(zeros_like(there).values() == std::vector<real>(6, 0));
  CHECK(Tensor::full({}, 3, Device::CUDA).item() == 3);
  const Tensor ints = on_cuda(Tensor::from_ints({1, -2, 3})).to(Device::CPU);
  CHECK(std::vector<int32_t>(ints.ints(), ints.ints() + 3) == std::vector<int32_t>{1, -2, 3});
  CHECK(ag::description_of(Device::CUDA).starts_with("CUDA, "));
}

CUDA_TEST_CASE("CUDA gives the results and gradients of PyTorch") { with_each_product(check_op_cases); }

CUDA_TEST_CASE(
    "CUDA and the CPU agree if the work is split over blocks; CUDA gives the same bits each time") {
  with_each_product(check_large_op_cases);
}

CUDA_TEST_CASE("dropout draws the CPU's masks, also in attention, forward and backward") {
  const ag::RandomKey key{7, 3, 1};
  const Tensor x = testing::random_tensor({5, 67}, 1);
  CHECK(dropout(on_cuda(x), 0.3, key).values() == dropout(x, 0.3, key).values());
  const Tensor five = Tensor::from_ints({9, 2, 700, 0, 4});
  CHECK(dropout(on_cuda(x), 0.3, key, five).values() == dropout(x, 0.3, key, five).values());
  std::vector<int32_t> numbers(149);
  for (size_t i = 0; i < 149; ++i) numbers[i] = static_cast<int32_t>(1000 + 3 * i);
  const Tensor rows = Tensor::from_ints(numbers);
  const auto attend = [&](const std::vector<Tensor>& in) {
    const ag::Offsets offsets({140, 0, 9});
    return attention(in[0], in[1], in[2], offsets, offsets, ag::Mask::Causal, 0.4, key, rows);
  };
  const std::vector<Tensor> qkv = {testing::random_tensor({149, 4, 8}, 1).set_requires_grad(),
                                   testing::random_tensor({149, 2, 8}, 2).set_requires_grad(),
                                   testing::random_tensor({149, 2, 8}, 3).set_requires_grad()};
  const Tensor projection = testing::random_tensor({149, 4, 8}, 4);
  const testing::Run expected = testing::run(attend, qkv, projection),
                     found = testing::run(attend, leaves_on_cuda(qkv), on_cuda(projection));
  check_close(found.y, expected.y, tolerance::kFused, "attention");
  for (size_t i = 0; i < 3; ++i)
    check_close(found.dx[i], expected.dx[i], tolerance::kFused, testing::numbered("attention.dx", i));
}

CUDA_TEST_CASE("a layer's LoRA adapter moves with it") {
  nn::Linear layer(3, 2, true);
  nn::attach_lora(layer, {{"", &layer, 2, 0.5}}, 0, 1);
  layer.move_to(Device::CUDA);
  CHECK(layer.lora()->A.device() == Device::CUDA);
  CHECK(layer(Tensor::full({4, 3}, 1, Device::CUDA)).values() == std::vector<real>(8, 0));
}

CUDA_TEST_CASE("an optimiser's steps and clipping are the CPU's") {
  for (const bool decoupled : {true, false}) {
    CAPTURE(decoupled);
    std::vector<std::vector<real>> results;
    std::vector<double> norms;
    for (const Device device : {Device::CPU, Device::CUDA}) {
      Tensor w = testing::random_tensor({9, 40}, 1).to(device).set_requires_grad();
      Tensor large = testing::random_tensor({300, 500}, 1).to(device).set_requires_grad();
      nn::Adam adam({{"w", w}}, {.lr = 0.1, .weight_decay = 0.1, .decoupled = decoupled});
      for (uint32_t step = 0; step < 3; ++step) {
        w.set_grad(testing::random_tensor({9, 40}, 2 + step).to(device));
        large.set_grad(testing::random_tensor({300, 500}, 3 + step).to(device));
        norms.push_back(nn::clip_grad_norm({w, large}, 1));
        adam.step();
      }
      results.push_back(w.values());
    }
    check_close(Tensor::from({360}, {results[1].begin(), results[1].end()}),
                Tensor::from({360}, {results[0].begin(), results[0].end()}), tolerance::kFused, "w");
    for (size_t step = 0; step < 3; ++step) {
      CHECK(norms[step] > 1);
      CHECK(norms[3 + step] == doctest::Approx(norms[step]).epsilon(1e-12));
    }
  }
}

CUDA_TEST_CASE("sparse steps change only the given rows of a table") {
  std::vector<std::vector<real>> results;
  for (const Device device : {Device::CPU, Device::CUDA}) {
    Tensor w = testing::random_tensor({9, 5}, 1).to(device).set_requires_grad();
    nn::Adam adam({{"w", w}}, {.lr = 0.1});
    adam.step_rows({w, Tensor::from_ints({7, 2}), testing::random_tensor({2, 5}, 2).to(device)});
    results.push_back(w.values());
  }
  check_close(Tensor::from({45}, {results[1].begin(), results[1].end()}),
              Tensor::from({45}, {results[0].begin(), results[0].end()}), tolerance::kFused, "w");
}

CUDA_TEST_CASE("huge logits, masks and NaNs behave as on the CPU") {
  const Tensor logits = on_cuda(Tensor::from({2, 3}, {1000, 0, -1000, 20000, 20000, -20000}));
  CHECK(softmax(logits).values() == std::vector<real>{1, 0, 0, 0.5, 0.5, 0});
  CHECK(softmax(on_cuda(Tensor::from({1, 3}, {0, -INFINITY, 0}))).values() == std::vector<real>{0.5, 0, 0.5});
  CHECK(sigmoid(logits).values() == std::vector<real>{1, 0.5, 0, 1, 1, 0});
  CHECK(std::isnan(exp(Tensor::full({1}, NAN, Device::CUDA)).item()));
  // beta = 0 ignores the old values.
  const Tensor none = Tensor::zeros({2, 0}, ag::DType::Real, Device::CUDA),
               other = Tensor::zeros({0, 2}, ag::DType::Real, Device::CUDA);
  CHECK(matmul(none, other).values() == std::vector<real>(4, 0));
}

CUDA_TEST_CASE("tensors of two devices in one op are an error that names it") {
  const Tensor here = Tensor::full({2, 3}, 1), there = on_cuda(here);
  CHECK_THROWS_WITH_AS(add(here, there), doctest::Contains("binary_forward: its first tensor is on CPU"),
                       ag::Error);
  CHECK_THROWS_WITH_AS(add(there, here), doctest::Contains("another one on CPU; hint: Tensor::to"),
                       ag::Error);
  CHECK_THROWS_AS(linear(there, here), ag::Error);
  CHECK_THROWS_AS(ag::concat({here, there}, 0), ag::Error);
  CHECK_THROWS_AS(rms_norm(there, Tensor::full({3}, 1), 0), ag::Error);
  CHECK_THROWS_AS(linear_cross_entropy(here, there, Tensor::from_ints({0, 1})), ag::Error);
}
