#include "13_lora/a_gradients.h"

#include "autograd/storage.h"

using ag::Tensor;
using exercise::is_close, exercise::normal;

namespace {

Tensor adapted(const Tensor& x, const Tensor& W, const Tensor& A, const Tensor& B, double s) {
  return ag::add(ag::linear(x, W), ag::scale(ag::linear(ag::linear(x, A), B), s));
}

}  // namespace

EXERCISE("13a", 4, "The gradients of an adapter") {
  const double s = 2.5;
  const Tensor x = normal("x", {3, 5}), W = normal("W", {4, 5}), A = normal("A", {2, 5}),
               B = normal("B", {4, 2}), dy = normal("dy", {3, 4});
  const auto slopes = [&](const Tensor& input) {
    return exercise::slopes([&] { return adapted(x, W, A, B, s); }, input, dy);
  };
  const auto judge = [&](const char* name, const Tensor& got, const Tensor& right) {
    if (grade.close(name, got, right, 1e-6) || !got.defined()) return;
    grade.check(!is_close(ag::scale(got, s), right, 1e-6), "the factor s is missing");
    grade.check(!is_close(got, ag::scale(right, s), 1e-6), "the factor s is in it twice");
  };
  grade.part("dB", [&] { judge("dB", exercise::n13a::backward(x, W, A, B, s, dy).dB, slopes(B)); });
  grade.part("dA", [&] { judge("dA", exercise::n13a::backward(x, W, A, B, s, dy).dA, slopes(A)); });
  grade.part("dx", [&] {
    const Tensor dx = exercise::n13a::backward(x, W, A, B, s, dy).dx;
    if (grade.close("dx", dx, slopes(x), 1e-6)) return;
    const Tensor through_W = ag::matmul(dy, W), unscaled = ag::matmul(ag::matmul(dy, B), A);
    grade.check(!is_close(dx, through_W), "the part that comes through the adapter is missing");
    grade.check(!is_close(dx, ag::scale(unscaled, s)), "the part that comes through W is missing");
    grade.check(!is_close(dx, ag::add(through_W, unscaled)),
                "the part through the adapter lacks the factor s");
  });
  grade.part("no matrix of W's size", [&] {
    const int64_t size = 400;
    const Tensor wide = normal("wide", {1, size}), W2 = normal("W2", {size, size}),
                 A2 = normal("A2", {1, size}), B2 = normal("B2", {size, 1});
    ag::reset_memory_peak();
    const int64_t before = ag::memory_stats().in_use;
    exercise::n13a::backward(wide, W2, A2, B2, 1, wide);
    const int64_t used = ag::memory_stats().peak - before, of_W = W2.numel() * int64_t{sizeof(ag::real)};
    grade.check(used < of_W / 2, ag::message("a tensor of ", used, " bytes was made, as large as W (", of_W,
                                             "); multiply from the side with few rows"));
  });
}
