#include "13_lora/c_budget.h"

namespace n13c = exercise::n13c;

EXERCISE("13c", 2, "What an adapter costs") {
  const n13c::Shapes square{{100, 100}}, several{{576, 576}, {192, 576}, {1536, 576}, {576, 1536}};
  grade.part("full training", [&] {
    if (!grade.equal("the list of full()", {n13c::full(square), n13c::full(several)}, {40'000, 8'847'360}))
      grade.check(n13c::full(square) != 30'000, "a weight, its gradient and two moments are four numbers");
  });
  grade.part("LoRA", [&] {
    const int64_t got = n13c::lora(square, 8);
    if (!grade.equal("the list of lora() for ranks 8 and 1", {got, n13c::lora(several, 1)},
                     {16'400, 2'236'416})) {
      grade.check(got != 6'400, "the frozen matrices are in memory too");
      grade.check(got != 11'600, "an adapter's numbers have gradients and moments too");
      grade.check(got != 26'400 && got != 46'400, "a frozen number has no gradient and no moments");
      grade.check(got != 330'000, "A (r,in) and B (out,r) have r (in + out) numbers, not r in out");
    }
  });
  grade.part("the largest rank", [&] {
    const std::vector<int64_t> got{n13c::largest_rank(square, 16'400), n13c::largest_rank(square, 16'399),
                                   n13c::largest_rank(square, 10'000), n13c::largest_rank(square, 9'999)};
    if (!grade.equal("the list of ranks for 16400, 16399, 10000 and 9999", got, {8, 7, 0, -1})) {
      grade.check(got[1] != 8, "16399 is one number short of rank 8: round down");
      grade.check(got[3] != 0, "9999 does not hold the frozen matrix of 10000 numbers: the result is -1");
    }
  });
}
