// The measures of click prediction.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "autograd/check.h"
#include "p2rec/methods/larr/ctr.h"

namespace p2rec {

std::vector<double> auc_shares(const std::vector<double>& scores, const std::vector<bool>& clicks) {
  AG_CHECK(scores.size() == clicks.size(), "auc: ", scores.size(), " scores for ", clicks.size(), " labels");
  std::vector<double> others;
  for (size_t i = 0; i < scores.size(); ++i) {
    if (!clicks[i]) others.push_back(scores[i]);
  }
  std::ranges::sort(others);
  std::vector<double> shares;
  for (size_t i = 0; i < scores.size(); ++i) {
    if (!clicks[i] || others.empty()) continue;
    const auto equal = std::ranges::equal_range(others, scores[i]);
    const auto below = static_cast<double>(equal.begin() - others.begin());
    shares.push_back((below + 0.5 * static_cast<double>(equal.size())) / static_cast<double>(others.size()));
  }
  return shares;
}

double auc(const std::vector<double>& scores, const std::vector<bool>& clicks) {
  const std::vector<double> shares = auc_shares(scores, clicks);
  return std::reduce(shares.begin(), shares.end()) / static_cast<double>(shares.size());
}

double log_loss(const std::vector<double>& probabilities, const std::vector<bool>& clicks) {
  AG_CHECK(probabilities.size() == clicks.size(), "log_loss: ", probabilities.size(), " probabilities for ",
           clicks.size(), " labels");
  constexpr double kLeast = 1e-7;
  double sum = 0;
  for (size_t i = 0; i < clicks.size(); ++i) {
    const double p = std::clamp(probabilities[i], kLeast, 1 - kLeast);
    sum -= std::log(clicks[i] ? p : 1 - p);
  }
  return sum / static_cast<double>(clicks.size());
}

}  // namespace p2rec
