#include "p2rec/methods/llmemb/adaptation.h"

#include <algorithm>

#include "autograd/ops.h"
#include "p2rec/methods/common/item_init.h"
#include "p2rec/methods/llmemb/contrastive_loss.h"

namespace p2rec {
namespace {

using ag::Tensor;

constexpr int64_t kMostAligned = 1024;  // targets of a batch

// Evenly spaced targets of a batch, at most kMostAligned.
Tensor aligned_targets(const Tensor& targets) {
  const int64_t M = targets.numel(), n = std::min(M, kMostAligned);
  std::vector<int32_t> chosen;
  for (int64_t i = 0; i < n; ++i) chosen.push_back(targets.ints()[i * M / n]);
  return Tensor::from_ints(chosen);
}

}  // namespace

void describe(AlignedAdapterConfig& config, const nn::Visit& visit) {
  visit({"components", "largest number of principal components of the embeddings, which the adapter reads",
         nn::at_least(2)},
        &config.components);
  visit({"align-alpha", "weight of the alignment with the teacher's table", nn::between(0, 1e6)},
        &config.alpha);
  visit({"align-tau", "temperature of the alignment", nn::kPositive}, &config.tau);
}

Tensor most_components(const Tensor& embeddings, int64_t components) {
  return principal_components(embeddings, std::min({components, embeddings.dim(0), embeddings.dim(1)}));
}

ExtraLoss alignment(const Tensor& teacher, const AlignedAdapterConfig& config) {
  const Tensor tau = Tensor::full({1}, static_cast<ag::real>(config.tau), teacher.device());
  return [=](models::TrainableRecommender& model, const models::SequenceBatch& batch) {
    const Tensor items = aligned_targets(batch.targets), theirs = ag::embedding(teacher, items),
                 adapted = model.input_embeddings()(items);
    return ag::scale(contrastive_loss(theirs, adapted, tau), config.alpha);
  };
}

}  // namespace p2rec
