// Steps 1 and 6 of the method: training a sequential recommender.
#pragma once

#include <memory>
#include <vector>

#include "models/sasrec.h"
#include "p2rec/evaluation.h"
#include "p2rec/interactions.h"
#include "p2rec/task.h"

namespace p2rec {

struct RecommenderConfig {
  models::SasrecConfig model;  // its number of items is taken from the data
  double lr = 1e-3;            // Adam, beta 0.9 and 0.999
  int64_t batch = 128;         // windows
  int64_t max_epochs = 200;
  int64_t patience =
      10;  // stops after so many epochs without a better validation NDCG@10; 0: runs all epochs and
           // never looks at the validation items
  uint64_t seed = 1;             // of weights, dropout, order and negatives
  int64_t validation_users = 0;  // ranked for early stopping, always in full; 0: all (ranked_users)
};

struct Recommender {
  std::unique_ptr<models::SequentialRecommender> model;
  int64_t epochs = 0;      // trained
  int64_t best_epoch = 0;  // whose weights these are
  int64_t tokens = 0;      // positions trained on, over all epochs
};

// A model with fresh weights.
std::unique_ptr<models::SequentialRecommender> make_recommender(int64_t items,
                                                                const RecommenderConfig& config);

// Step 1: a recommender from random weights on the training parts.
Recommender pretrain_teacher(const Interactions& data, const RecommenderConfig& config,
                             const Task& task = {});

// Step 6: the same from a given item table; `start` (V,d) may be undefined for random weights.
Recommender train_from(const ag::Tensor& start, const Interactions& data, const RecommenderConfig& config,
                       const Task& task = {});

// A window of a user's training part: `length` items from `begin`; all but the last are inputs, all but the first targets.
struct Window {
  int64_t user, begin, length;
};
// Windows of max_length + 1 items that overlap by one, so that every item but a user's first is a target once an epoch.
std::vector<Window> training_windows(const Interactions& data, int64_t max_length);

}  // namespace p2rec
