#include "11_tiny_llama/c_sampling.h"

#include "autograd/check.h"
#include "models/llama/sampling.h"

namespace n11c = exercise::n11c;

namespace {

std::vector<double> probabilities(const std::vector<n11c::Candidate>& list) {
  std::vector<double> result;
  for (const n11c::Candidate& c : list) result.push_back(c.probability);
  return result;
}
std::vector<int64_t> ids(const std::vector<n11c::Candidate>& list) {
  std::vector<int64_t> result;
  for (const n11c::Candidate& c : list) result.push_back(c.id);
  return result;
}

// The library's candidates.
std::vector<n11c::Candidate> library(const std::vector<double>& logits, double T, double p) {
  std::vector<n11c::Candidate> list;
  for (const models::Candidate& c : models::candidates(ag::Tensor::from({std::ssize(logits)}, logits),
                                                       {.temperature = T, .top_k = 0, .top_p = p}))
    list.push_back({c.id, c.probability});
  return list;
}

}  // namespace

EXERCISE("11c", 3, "Temperature and top-p") {
  const std::vector<double> logits{0.5, 2, -1, 2, 1, 0};
  grade.part("probabilities at a temperature", [&] {
    for (const double T : {1.0, 0.5, 2.0}) {
      const std::vector<n11c::Candidate> got = n11c::by_temperature(logits, T), right = library(logits, T, 1);
      const std::string at = ag::message(" at T = ", T);
      const bool order = grade.equal("the ids" + at, ids(got), ids(right));
      if (!order)
        grade.check(ids(got) != std::vector<int64_t>{3, 1, 4, 0, 5, 2},
                    "of equal tokens the lower id is first");
      if (grade.close("the probabilities" + at, probabilities(got), probabilities(right)) && order) continue;
      if (T != 1 && got.size() == logits.size())
        grade.check(std::abs(got[0].probability - library(logits, 1 / T, 1)[0].probability) > 1e-9,
                    "the logits are multiplied by T; expected divided: a small T makes the best token surer");
      return;
    }
    const std::vector<double> large = probabilities(n11c::by_temperature({1000, 999}, 1));
    if (!grade.close("the probabilities of the logits 1000 and 999", large,
                     probabilities(library({1, 0}, 1, 1))))
      grade.check(large.empty() || !std::isnan(large[0]),
                  "exp(1000) is infinite: subtract the largest logit");
  });
  grade.part("the nucleus", [&] {
    const std::vector<n11c::Candidate> all{{7, 0.5}, {2, 0.25}, {4, 0.125}, {1, 0.125}};
    for (const auto& [p, count] : {std::pair{0.6, 2}, {0.4, 1}, {0.5, 1}, {0.8, 3}, {1.0, 4}}) {
      const std::vector<n11c::Candidate> got = n11c::nucleus(all, p);
      double sum = 0;
      std::vector<double> right;
      for (int i = 0; i < count; ++i) sum += all[size_t(i)].probability;
      for (int i = 0; i < count; ++i) right.push_back(all[size_t(i)].probability / sum);
      const std::string with = ag::message(" with p = ", p);
      if (!grade.equal("the number of tokens" + with, {std::ssize(got)}, {count})) {
        grade.check(std::ssize(got) != count - 1, "the token with which the sum reaches p is left out");
        grade.check(std::ssize(got) != count + 1, "a token stays after the sum has reached p");
        return;
      }
      if (grade.close("the probabilities" + with, probabilities(got), right)) continue;
      grade.check(std::abs(got[0].probability - 0.5) > 1e-9,
                  "not divided by their sum: they sum to less than 1");
      return;
    }
  });
  grade.part("the token that is drawn", [&] {
    const std::vector<n11c::Candidate> list{{7, 0.5}, {2, 0.25}, {4, 0.25}};
    for (const auto& [u, id] : {std::pair{0.0, 7}, {0.49, 7}, {0.5, 2}, {0.74, 2}, {0.75, 4}, {0.999, 4}}) {
      if (!grade.equal(ag::message("the token for u = ", u), {n11c::pick(list, u)}, {id})) return;
    }
    grade.equal("the token for u = 0.9999 if the sum ends at 0.999",
                {n11c::pick({{7, 0.5}, {2, 0.499}}, 0.9999)}, {2});
  });
}
