#include "p2rec/methods/p2rec/preference_loss.h"

#include <algorithm>
#include <cmath>

#include "autograd/ops.h"
#include "nn/soft_cross_entropy.h"

namespace p2rec {
namespace {

using ag::Tensor;

constexpr double kSmallestShare = 1e-6;  // in output_for

// The mean entropy of distributions (B,K), in nats: the cross-entropy of a perfect prediction.
double mean_entropy(const Tensor& preferences) {
  double sum = 0;
  for (const double p : preferences.values()) sum -= p > 0 ? p * std::log(p) : 0;
  return sum / static_cast<double>(preferences.dim(0));
}

}  // namespace

void describe(PreferenceLoss& loss, const nn::Visit& visit) {
  nn::visit_choice(visit,
                   {"preference-loss",
                    "how a predicted preference is compared with the true one: mean squared error, KL "
                    "divergence, cross-entropy"},
                   loss.kind,
                   {{"mse", PreferenceLossKind::SquaredError},
                    {"kl", PreferenceLossKind::Divergence},
                    {"ce", PreferenceLossKind::CrossEntropy}});
  nn::visit_choice(visit, {"head", "how the last layer's output becomes a preference"}, loss.head,
                   {{"linear", PreferenceHead::Linear}, {"softmax", PreferenceHead::Softmax}});
}

void check(const PreferenceLoss& loss) {
  INPUT_CHECK(loss.kind == PreferenceLossKind::SquaredError || loss.head == PreferenceHead::Softmax,
              "preference-loss: found ", loss.kind == PreferenceLossKind::Divergence ? "kl" : "ce",
              " with the head linear, whose output has no logarithm; hint: head softmax");
}

Tensor predicted_from(const Tensor& z, PreferenceHead head) {
  return head == PreferenceHead::Softmax ? ag::softmax(z) : z;
}

Tensor output_for(const Tensor& mean, PreferenceHead head) {
  Tensor z = mean.clone();
  if (head == PreferenceHead::Linear) return z;
  for (int64_t k = 0; k < z.numel(); ++k)
    z.data()[k] = static_cast<ag::real>(std::log(std::max<double>(z.data()[k], kSmallestShare)));
  return z;
}

Tensor preference_loss(const PreferenceLoss& loss, const Tensor& z, const Tensor& preferences) {
  if (loss.kind == PreferenceLossKind::SquaredError)
    return ag::mse(predicted_from(z, loss.head), preferences);
  const Tensor cross_entropy = nn::soft_cross_entropy(z, preferences);
  if (loss.kind == PreferenceLossKind::CrossEntropy) return cross_entropy;
  return ag::sub(cross_entropy,
                 Tensor::full({}, static_cast<ag::real>(mean_entropy(preferences)), z.device()));
}

}  // namespace p2rec
