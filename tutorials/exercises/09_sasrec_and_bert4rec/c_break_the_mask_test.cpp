#include "09_sasrec_and_bert4rec/c_break_the_mask.h"

#include <cmath>
#include <cstdio>

#include "autograd/check.h"

namespace n09c = exercise::n09c;

namespace {

using ag::Tensor;
using n09c::Histories, n09c::Items, n09c::Model;

// At every place t the item items[t] + step scores best, for step 1 what the item predicts.
Model adds(int32_t step) {
  return [step](const Items& items) {
    Tensor scores = Tensor::zeros({std::ssize(items), n09c::kItems});
    for (int64_t t = 0; t < std::ssize(items); ++t)
      scores.data()[t * n09c::kItems + (items[size_t(t)] + step) % n09c::kItems] = 1;
    return scores;
  };
}

// At every place the sum of the items in [t - before, t + after] scores best.
Model looks(int64_t before, int64_t after) {
  return [=](const Items& items) {
    const int64_t T = std::ssize(items);
    Tensor scores = Tensor::zeros({T, n09c::kItems});
    for (int64_t t = 0; t < T; ++t) {
      int32_t sum = 0;
      for (int64_t s = std::max<int64_t>(0, t - before); s <= std::min(T - 1, t + after); ++s)
        sum += items[size_t(s)];
      scores.data()[t * n09c::kItems + sum % n09c::kItems] = 1;
    }
    return scores;
  };
}

}  // namespace

EXERCISE("09c", 4, "Break the causal mask and watch HR jump") {
  const Histories small{{1, 2, 3, 9}, {4, 5, 0, 1}};  // the next item is item + 1 four times of six
  grade.part("HR@1 inside", [&] {
    const double got = n09c::hit_rate_inside(adds(1), small);
    if (!grade.close("HR@1 of a model that predicts item + 1", got, 4.0 / 6)) {
      grade.check(std::abs(got - 4.0 / 8) > 1e-9, "the last place has no target, but it was counted");
      grade.check(got != 0, "no hit at all: the scores of place t are for item t + 1");
    }
    const double copied = n09c::hit_rate_inside(adds(0), small);
    if (!grade.close("HR@1 of a model that repeats its item", copied, 0.0))
      grade.check(copied != 1, "off by one: the scores of place t were compared with item t itself");
  });
  grade.part("HR@1 after", [&] {
    const double got = n09c::hit_rate_after(adds(1), small);
    if (!grade.close("HR@1 of a model that predicts item + 1", got, 0.5))
      grade.check(std::abs(got - 4.0 / 6) > 1e-9, "all places were counted; expected the last item only");
    const double copied = n09c::hit_rate_after(looks(0, 1), {{1, 5, 7, 3}});
    grade.close("HR@1 of a model that sees one place ahead", copied, 0.0);
    bool read_target = false;
    n09c::hit_rate_after(
        [&](const Items& items) {
          read_target = read_target || std::ssize(items) == 4;
          return adds(1)(items);
        },
        small);
    grade.check(!read_target, "the model has read the last item, its target: give it only those before");
  });
  grade.part("the detector", [&] {
    const Items items{3, 8, 20, 5, 11, 2};
    grade.equal("the first leak of a causal model", {n09c::first_leak(looks(9, 0), items)}, {-1});
    const int64_t all = n09c::first_leak(looks(9, 9), items);
    if (!grade.equal("the first leak of a model that sees everything", {all}, {0}))
      grade.check(all != -1, "no leak was found in a model without a mask");
    if (!grade.equal("the first leak of a model that sees one place ahead",
                     {n09c::first_leak(looks(0, 1), items)}, {0}))
      grade.check(false, "change every item in its turn: place t may see place t + 1 and no later one");
    // Places 0 to 2 are causal, the others see everything.
    const Model late = [](const Items& read) {
      Tensor scores = looks(9, 0)(read), open = looks(9, 9)(read);
      for (int64_t t = 3; t < std::ssize(read); ++t) scores.rows(t, t + 1).copy_from(open.rows(t, t + 1));
      return scores;
    };
    grade.equal("the first leak of a model that is causal up to place 2", {n09c::first_leak(late, items)},
                {3});
  });
  grade.part("the experiment", [&] {
    const Histories training = n09c::some_histories(150, 1), test = n09c::some_histories(300, 2);
    const double chance = n09c::hit_rate_inside(adds(5), test);
    const Model right = n09c::train(ag::Mask::Causal, training, 1),
                broken = n09c::train(ag::Mask::None, training, 1);
    const double inside = n09c::hit_rate_inside(right, test), after = n09c::hit_rate_after(right, test),
                 jumped = n09c::hit_rate_inside(broken, test), fallen = n09c::hit_rate_after(broken, test);
    std::printf("         HR@1 inside and after: causal %.2f %.2f, without the mask %.2f %.2f, chance %.2f\n",
                inside, after, jumped, fallen, chance);
    grade.check(std::abs(inside - after) < 0.1,
                ag::message("the causal model hits ", inside, " inside and ", after, " after; expected about",
                            " the same, since no place sees its target"));
    grade.check(jumped > inside + 0.2, ag::message("without the mask ", jumped, " are hit inside; expected",
                                                   " far more than the causal model's ", inside));
    grade.check(fallen < after - 0.2, ag::message("without the mask ", fallen, " are hit after; expected far",
                                                  " fewer than the causal model's ", after));
    grade.equal("the first leak of both",
                {n09c::first_leak(right, test[0]), n09c::first_leak(broken, test[0])}, {-1, 0});
  });
}
