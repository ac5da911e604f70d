// The rules of the tape. Each is a mistake that an implementation of reverse mode can make.
#include <optional>

#include "autograd/gradient_sum.h"
#include "autograd/ops.h"
#include "tests/testing.h"

using ag::backward;
using ag::Error;
using ag::Grads;
using ag::Needs;
using ag::NoGrad;
using ag::real;
using ag::Shape;
using ag::Tensor;

namespace {

Tensor leaf(const std::vector<double>& values) {
  Tensor x = Tensor::from({static_cast<int64_t>(values.size())}, values);
  return x.set_requires_grad();
}

int64_t in_use() { return ag::memory_stats().in_use; }

// x -> x + 0 through `depth` nodes.
Tensor chain(Tensor x, int depth) {
  for (int i = 0; i < depth; ++i) x = scale(x, 1);
  return x;
}

}  // namespace

TEST_CASE("a graph may be deeper than the call stack") {
  constexpr int kDepth = 200'000;
  const int64_t before = in_use();
  SUBCASE("run backward") {
    const Tensor x = leaf({2});
    const Tensor y = chain(x, kDepth);
    backward(y);
    CHECK(x.grad().item() == 1);
  }
  SUBCASE("never run backward") {
    const Tensor x = leaf({2});
    { const Tensor y = chain(x, kDepth); }
    CHECK_FALSE(x.grad().defined());
  }
  SUBCASE("dropped while another result keeps its beginning") {
    const Tensor x = leaf({2});
    const Tensor middle = chain(x, kDepth / 2);
    { const Tensor y = chain(middle, kDepth / 2); }
    backward(middle);
    CHECK(x.grad().item() == 1);
  }
  SUBCASE("with branches that meet again") {
    const Tensor x = leaf({2});
    Tensor y = x;
    for (int i = 0; i < kDepth / 2; ++i) y = scale(add(y, y), 0.5);
    { const Tensor unused = chain(y, 10); }
    backward(y);
    CHECK(x.grad().item() == 1);
  }
  CHECK(in_use() == before);
}

TEST_CASE("a tensor that is used twice receives the sum of both gradients") {
  const Tensor x = leaf({3, -1});
  SUBCASE("by one op") {
    backward(sum(mul(x, x)));
    CHECK(x.grad().values() == std::vector<real>{6, -2});
  }
  SUBCASE("by two ops") {
    backward(sum(add(scale(x, 5), mul(x, x))));
    CHECK(x.grad().values() == std::vector<real>{11, 3});
  }
  SUBCASE("by three, one of them directly") {
    backward(sum(ag::concat({x, scale(x, 2), add(x, x)}, 0)));
    CHECK(x.grad().values() == std::vector<real>{5, 5});
  }
}

TEST_CASE("a diamond runs its top once, after both sides") {
  const Tensor x = leaf({3});
  const Tensor top = mul(x, x);                              // x^2
  const Tensor left = scale(top, 2), right = mul(top, top);  // 2 x^2, x^4
  backward(sum(mul(left, right)));                           // 2 x^6
  CHECK(x.grad().item() == doctest::Approx(12 * 243));
}

TEST_CASE("an older node runs after every younger one, even if it is reached first") {
  // The longer path is recorded after the shorter one. The order of recording counts, not the distance.
  const Tensor x = leaf({1});
  const Tensor start = scale(x, 3);
  const Tensor near = scale(start, 2), far = chain(start, 50);
  backward(add(far, near));
  CHECK(x.grad().item() == 9);
}

TEST_CASE("backward adds to the gradient that a leaf already has") {
  const Tensor x = leaf({3, 4});
  backward(sum(scale(x, 2)));
  backward(sum(mul(x, x)));
  CHECK(x.grad().values() == std::vector<real>{8, 10});
  x.zero_grad();
  CHECK_FALSE(x.grad().defined());
  backward(sum(x));
  CHECK(x.grad().values() == std::vector<real>{1, 1});
}

TEST_CASE("the next backward does not change a gradient that somebody holds") {
  const Tensor x = leaf({3, 4});
  backward(sum(scale(x, 2)));
  const Tensor held = x.grad();
  backward(sum(x));
  CHECK(held.values() == std::vector<real>{2, 2});
  CHECK(x.grad().values() == std::vector<real>{3, 3});
}

TEST_CASE("two leaves of one op do not share a gradient buffer") {
  const Tensor a = leaf({1, 2}), b = leaf({3, 4});
  SUBCASE("add") { backward(sum(add(a, b))); }
  SUBCASE("sub") { backward(sum(sub(a, scale(b, -1)))); }
  SUBCASE("through reshape") { backward(sum(add(reshape(a, {2, 1}), reshape(b, {2, 1})))); }
  SUBCASE("with a seed") { backward(add(a, b), Tensor::full({2}, 1)); }
  CHECK(a.grad().data() != b.grad().data());
  a.grad().fill(7);
  CHECK(b.grad().values() == std::vector<real>{1, 1});
}

TEST_CASE("adding to one input's gradient does not change another's") {
  const Tensor a = leaf({1}), b = leaf({1});
  const Tensor u = scale(a, 1), v = scale(b, 1);
  const Tensor older = scale(u, 10);
  const Tensor younger = add(u, v);  // its backward runs first and gives the same buffer to u and v;
  backward(add(younger, older));     // then u receives more
  CHECK(a.grad().item() == 11);
  CHECK(b.grad().item() == 1);
}

TEST_CASE("a seed is the gradient of the result, and is not changed") {
  const Tensor x = leaf({1, 2, 3});
  const Tensor seed = Tensor::from({3}, {1, 10, 100});
  SUBCASE("of an op") { backward(scale(x, 2), seed); }
  SUBCASE("of an op that hands it through") { backward(add(reshape(x, {3}), x), seed); }
  CHECK(x.grad().values() == std::vector<real>{2, 20, 200});
  x.grad().fill(0);
  CHECK(seed.values() == std::vector<real>{1, 10, 100});
}

TEST_CASE("backward from a leaf gives it the seed") {
  const Tensor x = leaf({5});
  backward(x);
  CHECK(x.grad().item() == 1);
  const Tensor seed = Tensor::full({1}, 3);
  backward(x, seed);
  CHECK(x.grad().item() == 4);
  CHECK(seed.item() == 3);
}

TEST_CASE("backward says what is wrong with its arguments") {
  const Tensor x = leaf({1, 2});
  CHECK_THROWS_WITH_AS(backward(mul(x, x)), doctest::Contains("(2)"), Error);
  CHECK_THROWS_WITH_AS(backward(mul(x, x), Tensor::full({3}, 1)), doctest::Contains("(3)"), Error);
  CHECK_THROWS_WITH_AS(backward(Tensor::full({1}, 1)), doctest::Contains("hint"), Error);
  CHECK_THROWS_AS(backward(Tensor()), Error);
}

TEST_CASE("a second backward throws with a hint") {
  const Tensor x = leaf({1, 2});
  SUBCASE("from the same result") {
    const Tensor loss = sum(mul(x, x));
    backward(loss);
    CHECK_THROWS_WITH_AS(backward(loss), doctest::Contains("hint"), Error);
  }
  SUBCASE("through a part that has been used") {
    const Tensor shared = exp(x);
    const Tensor first = sum(shared), second = sum(mul(shared, shared));
    backward(first);
    const std::vector<real> gradient = x.grad().values();
    CHECK_THROWS_WITH_AS(backward(second), doctest::Contains("'exp'"), Error);
    CHECK(x.grad().values() == gradient);  // it threw before it did anything
  }
}

TEST_CASE("backward frees memory while it runs") {
  const Tensor x = leaf(std::vector<double>(1000, 1));
  const int64_t buffer = 1000 * ag::size_of(ag::DType::Real);
  std::optional<int64_t> at_the_end;
  // The backward of this op measures the memory. It runs last, because the op is the oldest.
  const Tensor probe = record("probe", x.clone(), {x}, [&](const Tensor& dy, const Needs&) -> Grads {
    at_the_end = in_use();
    return {dy};
  });
  const int64_t before = in_use();
  Tensor y = probe;
  for (int i = 0; i < 50; ++i) y = exp(scale(y, 0.5));
  CHECK(in_use() >= before + 50 * buffer);
  Tensor loss = sum(y);
  y = Tensor();
  backward(loss);
  CHECK(at_the_end.value() <= before + 4 * (buffer + 64));  // the loss, and the current gradient
}

TEST_CASE("after backward only the leaves, their gradients and the result are left") {
  const Tensor x = leaf(std::vector<double>(1000, 0.5)), w = leaf(std::vector<double>(1000, 2));
  const Tensor seed = Tensor::full({1000}, 1);
  const int64_t before = in_use();
  const Tensor y = mul(exp(x), w);  // mul's lambda holds exp(x)
  const int64_t with_graph = in_use(), buffer = (with_graph - before) / 2;
  CHECK(buffer >= 1000 * ag::size_of(ag::DType::Real));
  backward(y, seed);
  CHECK(in_use() <= before + 3 * buffer + 128);  // y and two gradients
}

TEST_CASE("a graph is freed with its result") {
  const Tensor x = leaf(std::vector<double>(1000, 0.5)), w = leaf(std::vector<double>(1000, 2));
  const int64_t before = in_use();
  {
    const Tensor loss = sum(tanh(mul(exp(x), w)));
    CHECK(in_use() > before);
  }
  CHECK(in_use() == before);
}

TEST_CASE("frozen inputs are not recorded") {
  const Tensor frozen = Tensor::full({1000}, 2), x = leaf(std::vector<double>(1000, 1));
  const Tensor untouched = exp(mul(frozen, frozen));
  CHECK_FALSE(untouched.requires_grad());
  CHECK(untouched.is_leaf());

  Needs asked;
  const Tensor y =
      record("probe", x.clone(), {frozen, x}, [&](const Tensor& dy, const Needs& needs) -> Grads {
        asked = needs;
        return {Tensor(), dy};
      });
  backward(sum(y));
  CHECK(asked == std::vector<bool>{false, true});
  CHECK(x.grad().defined());
  CHECK_FALSE(frozen.grad().defined());
}

TEST_CASE("an op may have frozen and undefined inputs anywhere in a graph") {
  const Tensor x = leaf({1, 2}), weight = Tensor::from({2, 2}, {1, 0, 0, 3});
  const Tensor h = linear(reshape(x, {1, 2}), weight);  // no bias
  backward(sum(mul(h, Tensor::full({1, 2}, 2))));
  CHECK(x.grad().values() == std::vector<real>{2, 6});
}

TEST_CASE("under NoGrad nothing is recorded") {
  const Tensor x = leaf({1, 2});
  {
    const NoGrad outer;
    CHECK(exp(x).is_leaf());
    { const NoGrad inner; }
    CHECK(exp(x).is_leaf());
    CHECK_FALSE(ag::will_record({x}));
  }
  CHECK_FALSE(exp(x).is_leaf());
  CHECK(ag::will_record({x}));
}

TEST_CASE("NoGrad ends with its scope, also by an exception") {
  const Tensor x = leaf({1, 2});
  try {
    const NoGrad no_grad;
    mul(x, Tensor::full({3}, 1));
  } catch (const Error&) {
  }
  CHECK(ag::will_record({x}));
}

TEST_CASE("the computations of an op's backward are not recorded") {
  const Tensor x = leaf({1, 2});
  bool recorded = true;
  const Tensor y = record("probe", x.clone(), {x}, [&](const Tensor& dy, const Needs&) -> Grads {
    recorded = ag::will_record({x});
    return {dy};
  });
  backward(sum(y));
  CHECK_FALSE(recorded);
  CHECK(ag::will_record({x}));
}

TEST_CASE("a wrong backward of an op is an error") {
  const Tensor x = leaf({1, 2});
  const auto with_backward = [&](const ag::Backward& b) { return sum(record("wrong", x.clone(), {x}, b)); };
  CHECK_THROWS_WITH_AS(backward(with_backward([](const Tensor& dy, const Needs&) -> Grads {
                         return {dy, dy};
                       })),
                       doctest::Contains("wrong"), Error);
  CHECK_THROWS_WITH_AS(
      backward(with_backward([](const Tensor&, const Needs&) -> Grads { return {Tensor::full({3}, 1)}; })),
      doctest::Contains("(3)"), Error);
}

TEST_CASE("an op may give no gradient to an input that requires grad") {
  const Tensor x = leaf({1, 2});
  const Tensor y =
      record("stop", x.clone(), {x}, [](const Tensor&, const Needs&) -> Grads { return {Tensor()}; });
  backward(sum(add(exp(y), exp(scale(y, 2)))));
  CHECK_FALSE(x.grad().defined());
}

TEST_CASE("requires_grad belongs to leaves of reals") {
  Tensor x = leaf({1, 2}), y = exp(x), ids = Tensor::from_ints({1, 2});
  CHECK_THROWS_WITH_AS(y.set_requires_grad(false), doctest::Contains("exp"), Error);
  CHECK_THROWS_AS(ids.set_requires_grad(), Error);
  Tensor detached = y.detach();
  CHECK_FALSE(detached.requires_grad());
  CHECK(detached.data() == y.data());
}

TEST_CASE("the graph can be printed") {
  const Tensor x = leaf({1, 2}), two = Tensor::full({2}, 2);
  const Tensor y = sum(mul(exp(x), two));
  CHECK(ag::graph_to_string(y) == "%3 = sum(%2 (2))\n%2 = mul(%1 (2), constant)\n%1 = exp(leaf (2))\n");
  CHECK(ag::graph_to_string(x).empty());
}

TEST_CASE("backward tells of each leaf once, when its gradient is complete, the last used ones first") {
  const Tensor first = leaf({2}), twice = leaf({3}), last = leaf({5}), none = leaf({7});
  std::vector<std::pair<real, real>> done;  // the leaf, and its gradient when backward tells of it
  const Tensor y = mul(mul(mul(mul(first, twice), none.detach()), twice), last);
  const Tensor frozen = Tensor::from({1}, {1});
  ag::backward_with(mul(y, frozen), [&](const Tensor& x) { done.emplace_back(x.item(), x.grad().item()); });
  CHECK(done ==
        std::vector<std::pair<real, real>>{{5, 2 * 3 * 7 * 3}, {2, 3 * 7 * 3 * 5}, {3, 2 * 2 * 7 * 3 * 5}});
}
