#include "models/llama/sampling.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "nn/init.h"

namespace models {

using ag::real;
using ag::Tensor;

namespace {

void check(const Tensor& logits) {
  const real* x = logits.data();
  AG_CHECK(logits.numel() > 0 &&
               std::none_of(x, x + logits.numel(), [](real l) { return std::isnan(l) || l == INFINITY; }),
           "the next token: the logits ", ag::to_string(logits), " are not finite");
}

// The id of the largest logit; of equal ones the lowest id.
int32_t most_probable(const Tensor& logits) {
  const real* begin = logits.data();
  return static_cast<int32_t>(std::max_element(begin, begin + logits.numel()) - begin);
}

void check(const Sampling& s) {
  AG_CHECK(std::isfinite(s.temperature) && s.temperature >= 0, "sampling: the temperature is ",
           s.temperature);
  AG_CHECK(s.top_k >= 0, "sampling: top-k is ", s.top_k);
  AG_CHECK(s.top_p > 0 && s.top_p <= 1, "sampling: top-p is ", s.top_p, "; expected above 0 and at most 1");
}

// The ids of the k largest logits, the largest first.
std::vector<int32_t> largest(const Tensor& logits, int64_t k) {
  std::vector<int32_t> ids(static_cast<size_t>(logits.numel()));
  std::iota(ids.begin(), ids.end(), 0);
  const real* x = logits.data();
  const auto before = [x](int32_t a, int32_t b) { return x[a] != x[b] ? x[a] > x[b] : a < b; };
  std::nth_element(ids.begin(), ids.begin() + k - 1, ids.end(), before);
  ids.resize(static_cast<size_t>(k));
  std::sort(ids.begin(), ids.end(), before);
  return ids;
}

void normalise(std::vector<Candidate>& list) {
  double sum = 0;
  for (const Candidate& c : list) sum += c.probability;
  for (Candidate& c : list) c.probability /= sum;
}

// The smallest number of first candidates whose probabilities sum to at least p.
size_t nucleus(const std::vector<Candidate>& list, double p) {
  double sum = 0;
  for (size_t i = 0; i < list.size(); ++i) {
    sum += list[i].probability;
    if (sum >= p) return i + 1;
  }
  return list.size();
}

}  // namespace

std::vector<Candidate> candidates(const Tensor& logits, const Sampling& sampling) {
  check(sampling);
  AG_CHECK(sampling.temperature > 0, "candidates: the temperature is 0; expected above 0");
  check(logits);
  const int64_t V = logits.numel();
  const real* x = logits.data();
  std::vector<Candidate> list;
  const double most = x[most_probable(logits)];
  AG_CHECK(most > -INFINITY, "candidates: no token has a probability, all logits are -inf");
  for (const int32_t id : largest(logits, sampling.top_k ? std::min(sampling.top_k, V) : V)) {
    list.push_back({id, std::exp((static_cast<double>(x[id]) - most) / sampling.temperature)});
  }
  normalise(list);
  if (sampling.top_p < 1) {
    list.resize(nucleus(list, sampling.top_p));
    normalise(list);
  }
  return list;
}

int32_t pick(const std::vector<Candidate>& list, double u) {
  double sum = 0;
  const Candidate* last = nullptr;  // if rounding leaves the sum slightly below one
  for (const Candidate& c : list) {
    sum += c.probability;
    if (c.probability > 0) last = &c;
    if (u < sum) return c.id;
  }
  AG_CHECK(last, "pick: there is no candidate");
  return last->id;
}

int32_t next_token(const Tensor& logits, const Sampling& sampling, int64_t place, uint32_t number) {
  check(logits);
  if (sampling.temperature == 0) return most_probable(logits);
  const ag::RandomKey key = nn::key_for("generate", sampling.seed);
  const uint64_t counter = (uint64_t{number} << 32) + static_cast<uint64_t>(place);
  return pick(candidates(logits, sampling), ag::random_uniform(key, counter));
}

}  // namespace models
