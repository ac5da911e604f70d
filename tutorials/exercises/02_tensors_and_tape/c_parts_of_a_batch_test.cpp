#include "02_tensors_and_tape/c_parts_of_a_batch.h"

using ag::Tensor;
using exercise::normal;

namespace {

// N rows, at most `most` at a time, on a net of one linear layer.
void judge(exercise::Grade& grade, int64_t N, int64_t most) {
  const Tensor x = normal("x", {N, 3}), y = normal("y", {N, 1}), w = normal("w", {1, 3}).set_requires_grad();
  int64_t largest = 0;
  const auto mean_loss = [&](const Tensor& some_x, const Tensor& some_y) {
    largest = std::max(largest, some_x.dim(0));
    return ag::mse(ag::linear(some_x, w), some_y);
  };
  const Tensor whole = mean_loss(x, y);
  ag::backward(whole);
  const Tensor expected = w.grad();
  w.zero_grad();
  largest = 0;
  const double loss = exercise::n02c::backward_in_parts(mean_loss, x, y, most);
  grade.check(largest <= most, ag::message("a call got ", largest, " rows, at most ", most, " fit"));
  grade.close("the loss", loss, whole.item());
  if (grade.close("dw", w.grad(), expected)) return;

  // The typical mistake: each part counts the same.
  const Tensor got = w.grad().clone();
  w.zero_grad();
  const int64_t parts = (N + most - 1) / most;
  for (int64_t i = 0; i < N; i += most) {
    const int64_t end = std::min(i + most, N);
    ag::backward(ag::scale(mean_loss(x.rows(i, end), y.rows(i, end)), 1.0 / static_cast<double>(parts)));
  }
  grade.check(!exercise::is_close(got, w.grad()),
              "each part counts the same, so the rows of the smaller last part count too much");
}

}  // namespace

EXERCISE("02c", 3, "A batch in parts") {
  grade.part("8 rows in two parts of 4", [&] { judge(grade, 8, 4); });
  grade.part("7 rows in parts of 3: the last is smaller", [&] { judge(grade, 7, 3); });
  grade.part("two batches add up", [&] {
    const Tensor x = normal("x", {4, 3}), y = normal("y", {4, 1}),
                 w = normal("w", {1, 3}).set_requires_grad();
    const auto mean_loss = [&](const Tensor& some_x, const Tensor& some_y) {
      return ag::mse(ag::linear(some_x, w), some_y);
    };
    ag::backward(mean_loss(x, y));
    const Tensor once = w.grad().clone();
    exercise::n02c::backward_in_parts(mean_loss, x, y, 2);
    if (!grade.close("dw of two batches", w.grad(), ag::scale(once, 2)))
      grade.check(!exercise::is_close(w.grad(), once), "the gradient that was there before is gone");
  });
}
