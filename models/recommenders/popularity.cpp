#include "models/recommenders/popularity.h"

namespace models {

using ag::Tensor;

// f32 holds whole numbers exactly up to 2^24, more than any item's count in the published sets.
Popularity::Popularity(const std::vector<int64_t>& counts)
    : counts_(Tensor::from({static_cast<int64_t>(counts.size()), 1}, {counts.begin(), counts.end()})) {
  share_parameter("counts", counts_);
}

Tensor Popularity::loss(const SequenceBatch&) const {
  throw ag::Error("Popularity: there is no loss; hint: it is counted, not trained");
}

Tensor Popularity::user_states(const nn::Packed& histories) const {
  return Tensor::full({histories.offsets.sequences(), 1}, 1);
}

}  // namespace models
