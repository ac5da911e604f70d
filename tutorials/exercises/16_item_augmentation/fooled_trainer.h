// The training of exercise 16c: ratings R (U,V) of rank 4, factorised by gradient descent.
#pragma once

#include <cmath>

#include "autograd/ops.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n16c {

constexpr int64_t kUsers = 60, kItems = 50, kColumns = 8, kSteps = 40;

// The true item vectors (V,d), of which a good table knows something; the last columns are 0.
inline ag::Tensor truth() {
  ag::Tensor items = normal("true items", {kItems, kColumns});
  for (int64_t i = 0; i < items.numel(); ++i) {
    if (i % kColumns >= 4) items.data()[i] = 0;
  }
  return items;
}

inline ag::Tensor ratings() {
  return ag::scale(ag::matmul(normal("true users", {kUsers, kColumns}), truth(), false, true), 0.5);
}

// N(0, 0.02^2).
inline ag::Tensor random_table() { return ag::scale(normal("random items", {kItems, kColumns}), 0.02); }

// The share of the squared error that is left after kSteps steps from this item table (V,d).
inline double head_start(const ag::Tensor& table) {
  const ag::Tensor R = ratings();
  ag::Tensor users = ag::scale(normal("users", {kUsers, kColumns}), 0.02), items = table.clone();
  for (int64_t step = 0; step < kSteps; ++step) {
    const ag::Tensor error = ag::sub(ag::matmul(users, items, false, true), R);  // (U,V)
    const ag::Tensor of_users = ag::matmul(error, items), of_items = ag::matmul(error, users, true);
    users = ag::sub(users, ag::scale(of_users, 0.003));
    items = ag::sub(items, ag::scale(of_items, 0.003));
  }
  const ag::Tensor error = ag::sub(ag::matmul(users, items, false, true), R);
  return ag::sum(ag::mul(error, error)).item() / ag::sum(ag::mul(R, R)).item();
}

}  // namespace exercise::n16c
