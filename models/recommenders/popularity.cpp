#include "models/recommenders/popularity.h"

#include "nn/io/json.h"

namespace models {

using ag::Tensor;

void PopularityConfig::describe(const nn::Visit& visit) {
  nn::visit_choice(
      visit,
      {"popularity",
       "interactions that are counted: the training parts, or all, with the held-out ones, as in some "
       "published figures"},
      all, {{"train", false}, {"all", true}});
}

nn::OrderedJson PopularityConfig::architecture() const { return {{"items", items}}; }

std::unique_ptr<SequentialRecommender> PopularityConfig::make(uint64_t) const {
  return std::make_unique<Popularity>(std::vector<int64_t>(static_cast<size_t>(items), 0));
}

// f32 is exact for integers up to 2^24, which is more than any item's count in the published data sets.
Popularity::Popularity(const std::vector<int64_t>& counts)
    : counts_(Tensor::from({static_cast<int64_t>(counts.size()), 1}, {counts.begin(), counts.end()})) {
  config_.items = std::ssize(counts);
  share_parameter("counts", counts_);
}

Tensor Popularity::user_states(const nn::Packed& histories) const {
  return Tensor::full({histories.offsets.sequences(), 1}, 1);
}

}  // namespace models
