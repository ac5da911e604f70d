// Steps 1 and 6 of the method: training a sequential recommender.
#pragma once

#include <memory>

#include "models/recommenders/recommender.h"
#include "models/recommenders/sasrec.h"
#include "p2rec/data/interactions.h"
#include "p2rec/evaluation/evaluation.h"
#include "p2rec/task/task.h"
#include "p2rec/training/batches.h"

namespace p2rec {

struct RecommenderConfig {
  models::AnyRecommenderConfig model = models::SasrecConfig();  // its number of items is taken from the data
  models::LossConfig loss;
  double lr = 1e-3, adam_beta2 = 0.999;  // Adam; beta1 is 0.9
  bool share_negatives = false;          // all positions of a step are compared with the same negatives
  bool lazy_adam = false;                // the item table's rows without a gradient stay as they are
  int64_t batch = 128;                   // windows
  int64_t batch_parts = 1;               // a batch runs in this many parts, which takes less memory
  WindowChoice windows = WindowChoice::All;
  int64_t steps_per_epoch = 0;  // 0: an epoch is every window once
  int64_t max_epochs = 200;
  // Stops after this many epochs without a better validation NDCG@10; 0: never, and sees no validation items.
  int64_t patience = 10;
  ag::Device device = ag::Device::CPU;
  uint64_t seed = 1;             // of weights, dropout, order, masks and negatives
  int64_t validation_users = 0;  // ranked for early stopping, always in full; 0: all (ranked_users)
};

// The model first: which one it is decides which options follow.
void describe(RecommenderConfig& config, const nn::Visit& visit);
// Throws ag::InputError for values that do not fit each other.
void check(const RecommenderConfig& config);

struct Recommender {
  std::unique_ptr<models::SequentialRecommender> model;
  int64_t epochs = 0;                   // trained
  int64_t best_epoch = 0;               // whose weights these are
  std::vector<double> validation = {};  // NDCG@10 after each epoch; empty: never validated
  int64_t tokens = 0;                   // positions trained on, over all epochs
};

// The item table (V,d) that a trained recommender reads, without history.
ag::Tensor item_table(const Recommender& recommender);

// A model with fresh weights, on the device. Throws ag::Error for one that is counted, not trained.
std::unique_ptr<models::TrainableRecommender> make_recommender(int64_t items,
                                                               const RecommenderConfig& config);

// The model of a file that holds its parameters, of any kind. Throws ag::InputError if they do not fit.
std::unique_ptr<models::SequentialRecommender> load_recommender(const nn::TensorFile& file, int64_t items,
                                                                RecommenderConfig config);

// What its training goes through, for a line of the terminal: windows, positions, steps and epochs.
std::string training_text(const Interactions& data, const RecommenderConfig& config);

// Step 1: a recommender from random weights on the training parts.
Recommender pretrain_teacher(const Interactions& data, const RecommenderConfig& config,
                             const Task& task = {});

// Step 6: the same with given item vectors: the item table's first values (V,d), or what the adapter reads
// (V,D), as config.model->use says. Undefined: the model's own random ones, of config.model->features
// columns. PopRec is counted.
Recommender train_from(const ag::Tensor& start, const Interactions& data, const RecommenderConfig& config,
                       const Task& task = {});

// The most bytes that a training holds on its device, and `besides` more: measured with small batches
// (measured_memory.h). Throws ag::InputError if they are not available, naming a batch that would fit.
int64_t check_training_memory(const Interactions& data, const RecommenderConfig& config, int64_t besides = 0);
// How many such trainings fit side by side, at most `wanted`. On CUDA they run one at a time.
int64_t trainings_side_by_side(const Interactions& data, const RecommenderConfig& config, int64_t wanted,
                               int64_t besides = 0);

}  // namespace p2rec
