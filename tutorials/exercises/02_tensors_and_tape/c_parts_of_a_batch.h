// 02c A batch in parts.
//
// A batch of N rows does not fit into memory, but `most` of them do. Gradients add up over calls of
// backward(), so the rows can go through the net a few at a time, and the gradient at the end is that of the
// whole batch. `mean_loss` is a mean over the rows that it is given, and N need not be a multiple of `most`.
//
// The test compares the gradient with that of the whole batch, and counts the rows of each call.
//
// Hint 1: x.rows(begin, end) are rows of a tensor without a copy.
// Hint 2: The mean over N rows is the sum over parts of (rows of the part / N) times the part's mean.
// Hint 3: ag::scale(loss, factor) is recorded like any op. backward() can also be given the factor as its
// seed.
#pragma once

#include <functional>

#include "autograd/ops.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n02c {

using ag::Tensor;
using MeanLoss = std::function<Tensor(const Tensor& x, const Tensor& y)>;  // (R,C), (R,1) -> ()

// Adds the gradient of mean_loss(x, y) to the parameters', and returns that loss. x (N,C), y (N,1). Each call
// of mean_loss gets at most `most` rows.
inline double backward_in_parts(const MeanLoss& mean_loss, const Tensor& x, const Tensor& y, int64_t most) {
  throw NotImplemented("the gradient in parts");
}

}  // namespace exercise::n02c
