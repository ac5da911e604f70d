#include "autograd/ops/row_uses.h"

#include "tests/testing.h"

TEST_CASE("the uses of a row are in the order of the batch") {
  const ag::SortedRows sorted = ag::sorted_by_row(ag::Tensor::from_ints({4, 0, 4, 2, 0, 4}), 6);
  const auto numbers = [](const ag::Tensor& x) {
    return std::vector<int32_t>(x.ints(), x.ints() + x.numel());
  };
  CHECK(numbers(sorted.rows) == std::vector<int32_t>{0, 2, 4});
  CHECK(numbers(sorted.begin) == std::vector<int32_t>{0, 2, 3, 6});
  CHECK(numbers(sorted.at) == std::vector<int32_t>{1, 4, 3, 0, 2, 5});
}
