#include "12_pretrained_llama/c_top_p.h"

#include "models/llama/sampling.h"

namespace {

void judge(exercise::Grade& grade, const ag::Tensor& logits, double T, int64_t k, double P) {
  const auto right = models::candidates(logits, {.temperature = T, .top_k = k, .top_p = P});
  const auto got = exercise::n12c::candidates({logits.data(), logits.data() + logits.numel()}, T, k, P);
  std::vector<int64_t> ids, right_ids;
  std::vector<double> p, right_p;
  double sum = 0;
  for (const auto& c : got) ids.push_back(c.id), p.push_back(c.probability), sum += c.probability;
  for (const auto& c : right) right_ids.push_back(c.id), right_p.push_back(c.probability);
  if (!grade.equal("the ids", ids, right_ids)) {
    grade.check(P == 1 || ids.size() + 1 != right_ids.size(),
                "one too few: the token with which the sum reaches P stays");
    return;
  }
  if (!grade.close("the probabilities", p, right_p))
    grade.check(std::abs(sum - 1) < 1e-9, "the probabilities of those that stay do not sum to one");
}

}  // namespace

EXERCISE("12c", 3, "Which tokens may be drawn") {
  const ag::Tensor logits = exercise::normal("logits", {40});
  grade.part("temperature", [&] {
    for (const double T : {0.3, 1.0, 2.0}) judge(grade, logits, T, 0, 1);
  });
  grade.part("top-k", [&] {
    for (const int64_t k : {1, 5, 40, 100}) judge(grade, logits, 0.7, k, 1);
  });
  grade.part("top-p, and both", [&] {
    for (const double P : {0.01, 0.5, 0.9}) judge(grade, logits, 1, 0, P), judge(grade, logits, 1, 6, P);
  });
  grade.part("large logits, equal ones and -inf", [&] {
    judge(grade, ag::Tensor::from({4}, {900, 1000, 1000, 990}), 1, 2, 1);
    judge(grade, ag::Tensor::from({4}, {0, -INFINITY, 1, 0.5}), 1, 0, 0.99);
  });
}
