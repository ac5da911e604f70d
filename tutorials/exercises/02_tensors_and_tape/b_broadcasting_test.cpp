#include "02_tensors_and_tape/b_broadcasting.h"

using ag::Tensor;
using exercise::normal;

namespace {

// b (R,1), (1,C) or (C) repeated to (R,C), by products with ones.
Tensor repeated(const Tensor& b, int64_t R, int64_t C) {
  const bool column = b.rank() == 2 && b.dim(1) == 1;
  const Tensor ones = Tensor::full(column ? ag::Shape{1, C} : ag::Shape{R, 1}, 1);
  return column ? ag::matmul(b, ones) : ag::matmul(ones, b.view({1, C}));
}

void judge(exercise::Grade& grade, const ag::Shape& shape) {
  const Tensor x = normal("x", {3, 4}), b = normal("b", shape), dy = normal("dy", {3, 4});
  grade.close("sum_to", exercise::n02b::sum_to(dy, shape),
              exercise::slopes([&] { return repeated(b, 3, 4); }, b, dy), 1e-6);
  const Tensor db = exercise::slopes([&] { return ag::mul(x, repeated(b, 3, 4)); }, b, dy);
  const Tensor got = exercise::n02b::mul_db(x, b, dy);
  if (!grade.close("db", got, db, 1e-6))
    grade.check(!exercise::is_close(got, exercise::n02b::sum_to(dy, shape), 1e-6),
                "db is the sum of dy only; the other factor is missing: dy/db = x");
}

}  // namespace

EXERCISE("02b", 4, "The backward of broadcasting") {
  grade.part("b (4): repeated over rows", [&] { judge(grade, {4}); });
  grade.part("b (1,4): the same with a dimension of 1", [&] { judge(grade, {1, 4}); });
  grade.part("b (3,1): repeated over columns", [&] { judge(grade, {3, 1}); });
  grade.part("numbers, and three dimensions", [&] {
    const Tensor dy = normal("dy", {2, 3, 4});
    grade.close("sum_to ()", exercise::n02b::sum_to(dy, {}), ag::sum(dy));
    const Tensor first = ag::sum_rows(dy.view({6, 4}));
    grade.close("sum_to (4)", exercise::n02b::sum_to(dy, {4}), first);
    const Tensor middle =
        ag::add(ag::sum_columns(dy.rows(0, 1).view({3, 4})), ag::sum_columns(dy.rows(1, 2).view({3, 4})));
    grade.close("sum_to (3,1)", exercise::n02b::sum_to(dy, {3, 1}), middle.view({3, 1}));
  });
}
