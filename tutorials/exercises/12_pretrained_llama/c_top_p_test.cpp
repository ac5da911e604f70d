#include "12_pretrained_llama/c_top_p.h"

#include <algorithm>
#include <cmath>

#include "models/llama/sampling.h"

namespace {

// True if both lists are right.
bool judge(exercise::Grade& grade, const ag::Tensor& logits, double T, int64_t k, double P) {
  const std::string at = ag::message(" for T = ", T, ", k = ", k, ", P = ", P);
  const auto right = models::candidates(logits, {.temperature = T, .top_k = k, .top_p = P});
  const auto got = exercise::n12c::candidates({logits.data(), logits.data() + logits.numel()}, T, k, P);
  std::vector<int64_t> ids, right_ids;
  std::vector<double> p, right_p;
  double sum = 0;
  for (const auto& c : got) ids.push_back(c.id), p.push_back(c.probability), sum += c.probability;
  for (const auto& c : right) right_ids.push_back(c.id), right_p.push_back(c.probability);
  const auto sorted = [](std::vector<int64_t> list) { return std::ranges::sort(list), list; };
  if (!grade.equal("the list of ids" + at, ids, right_ids)) {
    grade.check(!std::isnan(sum), "exp() of a large logit is infinite: subtract the largest logit first");
    grade.check(sorted(ids) != sorted(right_ids),
                "they are the right ids, but equal tokens are not ordered by id");
    grade.check(P == 1 || ids.size() + 1 != right_ids.size(),
                "one too few: the token with which the sum reaches P stays");
    grade.check(P == 1 || k == 0 || ids.size() <= right_ids.size(),
                "top-p keeps too many: renormalise what top-k has left");
    return false;
  }
  if (grade.close("the list of probabilities" + at, p, right_p)) return true;
  grade.check(std::abs(sum - 1) < 1e-9, "the probabilities of those that stay do not sum to one");
  std::vector<double> other_p;
  for (const auto& c : models::candidates(logits, {.temperature = 1 / T, .top_k = k, .top_p = P}))
    other_p.push_back(c.probability);
  grade.check(
      T == 1 || !std::ranges::equal(p, other_p, [](double a, double b) { return exercise::is_close(a, b); }),
      "the logits are divided by T, not multiplied");
  return false;
}

}  // namespace

EXERCISE("12c", 3, "Which tokens may be drawn") {
  const ag::Tensor logits = exercise::normal("logits", {40});
  grade.part("temperature", [&] {
    for (const double T : {1.0, 0.3, 2.0}) {
      if (!judge(grade, logits, T, 0, 1)) return;
    }
  });
  grade.part("top-k", [&] {
    for (const int64_t k : {1, 5, 40, 100}) {
      if (!judge(grade, logits, 0.7, k, 1)) return;
    }
  });
  grade.part("top-p, and both", [&] {
    for (const double P : {0.01, 0.5, 0.9}) {
      if (!judge(grade, logits, 1, 0, P) || !judge(grade, logits, 1, 6, P)) return;
    }
  });
  grade.part("large logits, equal ones and -inf", [&] {
    judge(grade, ag::Tensor::from({4}, {900, 1000, 1000, 990}), 1, 2, 1);
    judge(grade, ag::Tensor::from({4}, {0, -INFINITY, 1, 0.5}), 1, 0, 0.99);
  });
}
