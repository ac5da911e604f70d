// Ends with 0 if the gradient of sum(x w) with respect to w is x.
#include "autograd/ops.h"

int main() {
  const ag::Tensor x = ag::Tensor::from({1, 2}, {2, 3});
  const ag::Tensor w = ag::Tensor::from({2, 1}, {5, 7}).set_requires_grad();
  const ag::Tensor loss = ag::sum(ag::matmul(x, w));
  ag::backward(loss);
  return loss.item() == 31 && w.grad().values() == x.values() ? 0 : 1;
}
