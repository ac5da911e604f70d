// Each collective against a loop over the ranks. ctest runs this file as one process, and on several ranks.
#include "autograd/communicator.h"

#include "autograd/gradient_sum.h"
#include "autograd/ops.h"
#include "tests/testing.h"

using ag::real;
using ag::Tensor;

namespace {

const ag::Communicator& ranks() { return ag::Communicator::world(); }

// The number that a rank has at a place. Sums of few of them are exact.
double number(int64_t rank, int64_t place) { return static_cast<double>((rank + 2) * (place % 97 + 1)); }

Tensor numbers(int64_t rank, ag::Shape shape, int64_t first = 0) {
  const Tensor x = Tensor::empty(std::move(shape));
  for (int64_t i = 0; i < x.numel(); ++i) x.data()[i] = static_cast<real>(number(rank, first + i));
  return x;
}

Tensor sum_of_all(const ag::Shape& shape) {
  const Tensor sum = Tensor::zeros(shape);
  for (int64_t r = 0; r < ranks().size(); ++r) {
    const Tensor x = numbers(r, shape);
    for (int64_t i = 0; i < x.numel(); ++i) sum.data()[i] += x.data()[i];
  }
  return sum;
}

}  // namespace

TEST_CASE("every rank has its own number, and its name says the host") {
  CHECK(ranks().rank() >= 0);
  CHECK(ranks().rank() < ranks().size());
  CHECK(ranks().sum(static_cast<double>(ranks().rank())) ==
        static_cast<double>(ranks().size() * (ranks().size() - 1) / 2));
  const std::string name = ranks().name();
  if (ranks().size() == 1) CHECK(name.empty());
  if (ranks().size() > 1)
    CHECK(name.starts_with(ag::message("rank ", ranks().rank(), " of ", ranks().size(), " on host ")));
  // A launcher that starts fewer ranks than the test expects must not make it pass.
  if (const char* expected = std::getenv("P2REC_TEST_RANKS")) CHECK(ranks().size() == std::stoll(expected));
}

TEST_CASE("all_reduce adds up the numbers of all ranks, on every rank") {
  for (const int64_t n : {0, 1, 5, 100'003}) {
    CAPTURE(n);
    const Tensor x = numbers(ranks().rank(), {n}), later = numbers(ranks().rank(), {n});
    ranks().all_reduce(x);
    CHECK(x.values() == sum_of_all({n}).values());
    ag::PendingSum pending = ranks().start_all_reduce(later);
    while (!pending.done()) {
    }
    CHECK(later.values() == x.values());
    pending.wait();  // of a complete sum: nothing
  }
  const Tensor ids = Tensor::from_ints({1, static_cast<int32_t>(ranks().rank())});
  ranks().all_reduce(ids);
  CHECK(ids.ints()[0] == ranks().size());
  CHECK(ids.ints()[1] == ranks().size() * (ranks().size() - 1) / 2);
}

TEST_CASE("two sums that run at the same time do not mix") {
  const Tensor x = numbers(ranks().rank(), {1000}), y = numbers(ranks().rank(), {7});
  ag::PendingSum of_x = ranks().start_all_reduce(x), of_y = ranks().start_all_reduce(y);
  of_y.wait();
  of_x.wait();
  CHECK(x.values() == sum_of_all({1000}).values());
  CHECK(y.values() == sum_of_all({7}).values());
}

TEST_CASE("any is true if one rank says so") {
  for (int64_t r = 0; r < ranks().size(); ++r) CHECK(ranks().any(ranks().rank() == r));
  CHECK_FALSE(ranks().any(false));
}

TEST_CASE("broadcast gives all ranks the numbers of rank 0") {
  for (const int64_t n : {0, 1, 1001}) {
    const Tensor x = numbers(ranks().rank(), {n});
    ranks().broadcast(x);
    CHECK(x.values() == numbers(0, {n}).values());
  }
}

TEST_CASE("all_gather joins rows of uneven numbers, some of them none, in the order of the ranks") {
  // Rows of rank r: r (the first has none), or 3 on rank 0 and none elsewhere, or none at all.
  const auto rows_of = [](int kind, int64_t r) { return kind == 0 ? r : kind == 1 && r == 0 ? 3 : 0; };
  for (const int kind : {0, 1, 2}) {
    if (ranks().size() == 1 && kind == 0) continue;
    CAPTURE(kind);
    std::vector<real> expected;
    for (int64_t r = 0; r < ranks().size(); ++r) {
      const std::vector<real> own = numbers(r, {rows_of(kind, r), 2}).values();
      expected.insert(expected.end(), own.begin(), own.end());
    }
    const Tensor all = ranks().all_gather(numbers(ranks().rank(), {rows_of(kind, ranks().rank()), 2}));
    CHECK(all.shape() == ag::Shape{std::ssize(expected) / 2, 2});
    CHECK(all.values() == expected);
  }
}

TEST_CASE("all_gather of rows of two sizes names both ranks and the host") {
  if (ranks().size() == 1) return;
  const Tensor rows = Tensor::zeros({1, ranks().is_first() ? 3 : 2});
  CHECK_THROWS_WITH(ranks().all_gather(rows), ranks().is_first()
                                                  ? doctest::Contains("all_gather: rank 0 of")
                                                  : doctest::Contains("has rows of 2 numbers but rank 0 of"));
  CHECK_THROWS_WITH(ranks().all_gather(rows), doctest::Contains(" on host "));
  CHECK_THROWS_WITH(ranks().all_gather(Tensor::full({}, 1)), doctest::Contains("expected rows"));
}

TEST_CASE("no rank passes a barrier before the last one has come to it") {
  const testing::TemporaryFolder folder;  // of rank 0, whose path the others get
  Tensor path = Tensor::from_ints(std::vector<int32_t>(200, 0));
  const std::string own = folder.path();
  REQUIRE(own.size() < 200);
  std::ranges::copy(own, path.ints());
  ranks().broadcast(path);
  const std::string shared(path.ints(), std::find(path.ints(), path.ints() + 200, 0));
  nn::make_folder(std::filesystem::path(shared) / std::to_string(ranks().rank()));
  ranks().barrier();
  const std::filesystem::directory_iterator files(shared);
  CHECK(std::distance(begin(files), end(files)) == ranks().size());
  ranks().barrier();
}

TEST_CASE("the shares of n things are disjoint and complete") {
  for (const int64_t n : {0, 1, 3, 4, 1001}) {
    const std::vector<int32_t> own(static_cast<size_t>(ranks().end(n) - ranks().begin(n)), 1);
    CHECK(ranks().all_gather(Tensor::from_ints(own)).numel() == n);
    const double first = ranks().sum(ranks().is_first() ? static_cast<double>(ranks().begin(n)) : 0);
    CHECK(first == 0);
  }
}

TEST_CASE("gradients of all ranks add up, in buckets of any order, for as many steps as one likes") {
  // Sizes above and below a bucket's. The second has a gradient on no rank, the third only on the last.
  const std::vector<ag::Shape> shapes = {{3}, {5}, {2, 2}, {1 << 18}, {7}, {600, 700}};
  std::vector<Tensor> parameters;
  for (const ag::Shape& shape : shapes) parameters.push_back(Tensor::zeros(shape).set_requires_grad());
  const bool is_last = ranks().rank() == ranks().size() - 1;
  ag::GradientSum gradients(parameters, ranks());
  for (int step = 0; step < 3; ++step) {
    std::vector<size_t> order = {5, 4, 3, 0, 2};
    if (step == 1) order = {0, 3, 4, 5, 2};  // no bucket is complete before the end
    for (const Tensor& parameter : parameters) parameter.zero_grad();
    for (const size_t p : order) {
      if (p == 2 && !is_last) continue;
      parameters[p].set_grad(numbers(ranks().rank() + step, shapes[p]));
      gradients.add(parameters[p]);
    }
    gradients.add(Tensor::zeros({3}));  // not a parameter
    gradients.finish();
    CHECK_FALSE(parameters[1].grad().defined());
    for (const size_t p : {0u, 2u, 3u, 4u, 5u}) {
      CAPTURE(p);
      REQUIRE(parameters[p].grad().defined());
      for (const int64_t i : {int64_t{0}, parameters[p].numel() - 1}) {
        double expected = 0;
        for (int64_t r = p == 2 ? ranks().size() - 1 : 0; r < ranks().size(); ++r)
          expected += number(r + step, i);
        CHECK(parameters[p].grad().data()[i] == expected);
      }
    }
  }
}
