// How step 4 predicts a preference from the head's output z_u = W h_u + b, and compares it with the true one:
//
//   head linear     g^_u = z_u
//   head softmax    g^_u = softmax(z_u), which is a distribution
//   loss mse        mean over users and groups of (g^_u - g_u)^2
//   loss kl         mean over users of sum_k g_u[k] log(g_u[k] / g^_u[k])
//   loss ce         mean over users of -sum_k g_u[k] log g^_u[k]
//
// From the paper: a reconstruction of the preference; its abstract names no loss. Ours: the linear head and
// the squared error as the default, and the other choices. kl and ce need the logarithm of a prediction, and
// so the softmax head. ce is kl plus the entropy of the true preferences, a constant, so both have the same
// gradient; they differ where a loss is compared with another one (reconstruction.h divides it by the loss of
// the mean preference).
#pragma once

#include "autograd/tensor.h"
#include "nn/io/describe.h"

namespace p2rec {

enum class PreferenceHead : uint8_t { Linear, Softmax };
enum class PreferenceLossKind : uint8_t { SquaredError, Divergence, CrossEntropy };

struct PreferenceLoss {
  PreferenceLossKind kind = PreferenceLossKind::SquaredError;
  PreferenceHead head = PreferenceHead::Linear;
};
void describe(PreferenceLoss& loss, const nn::Visit& visit);
void check(const PreferenceLoss& loss);  // throws ag::InputError for kl and ce without the softmax head

// The preferences (B,K) that outputs z (B,K) of the head predict.
ag::Tensor predicted_from(const ag::Tensor& z, PreferenceHead head);

// The output (K) that predicts a mean preference (K): its logarithm with the softmax head, where a group
// without users counts as one user in a million.
ag::Tensor output_for(const ag::Tensor& mean, PreferenceHead head);

// The loss () of outputs z (B,K) for the true preferences (B,K), whose rows sum to 1.
ag::Tensor preference_loss(const PreferenceLoss& loss, const ag::Tensor& z, const ag::Tensor& preferences);

}  // namespace p2rec
