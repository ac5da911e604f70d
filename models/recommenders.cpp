#include "models/recommenders.h"

namespace models {

ag::Tensor SequentialRecommender::scores(const nn::Packed& histories) const {
  const ag::NoGrad no_grad;
  return ag::matmul(user_states(histories), item_table(), false, true);
}

}  // namespace models
