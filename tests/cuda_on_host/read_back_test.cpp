// A training reads numbers back from the device only where they are needed: a read-back waits for all
// kernels.
#include "autograd/ops.h"
#include "cuda_runtime.h"
#include "p2rec/training/loop.h"
#include "tests/autograd/op_runs.h"

using ag::Device;
using ag::Tensor;

TEST_CASE("losses are read back once per epoch, the norm of the gradients once per step") {
  const Tensor x = testing::random_tensor({6, 5}, 1).to(Device::CUDA),
               labels = Tensor::zeros({6, 4}, ag::DType::Real, Device::CUDA),
               targets = Tensor::from_ints({3, 0, -1, 2, 2, 1});
  Tensor w = testing::random_tensor({4, 5}, 2).to(Device::CUDA).set_requires_grad();
  nn::Adam adam({{"w", w}}, {.lr = 0.1});
  const auto count = [&](double clip) {
    const p2rec::Loop loop{
        .adam = adam,
        .steps_per_epoch = 4,
        .epochs = 2,
        .parts = 2,
        .clip = clip,
        .loss = [&](int64_t, const p2rec::BatchPart&) -> p2rec::PartLoss {
          const Tensor logits = linear(x, w);
          return {ag::add(ag::add(cross_entropy(logits, targets), linear_cross_entropy(x, w, targets)),
                          ag::add(bce_with_logits(logits, labels), mse(logits, labels))),
                  3, 6};
        }};
    const int64_t before = cuda_on_host::read_backs();
    CHECK(p2rec::train(loop, {}).size() == 8);
    return cuda_on_host::read_backs() - before;
  };
  CHECK(count(0) == 2);
  CHECK(count(1) == 2 + 8);
}
