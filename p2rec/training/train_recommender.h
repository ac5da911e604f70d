// Steps 1 and 6 of the method: training a sequential recommender.
#pragma once

#include <functional>
#include <memory>

#include "models/recommenders/recommender.h"
#include "models/recommenders/sasrec.h"
#include "p2rec/data/interactions.h"
#include "p2rec/evaluation/evaluation.h"
#include "p2rec/task/task.h"
#include "p2rec/training/batches.h"

namespace p2rec {

struct RecommenderConfig {
  models::AnyRecommenderConfig model = models::SasrecConfig();  // the number of items comes from the data
  models::LossConfig loss;
  double lr = 1e-3, adam_beta2 = 0.999;  // Adam; beta1 is 0.9
  bool share_negatives = false;          // all positions of a step have the same negatives
  bool sparse_adam = false;  // sparse Adam: rows of the item table without a gradient do not change
  int64_t batch = 128;       // windows per step
  int64_t batch_parts = 1;   // a batch runs in this many parts to save memory
  WindowChoice windows = WindowChoice::All;
  int64_t steps_per_epoch = 0;  // 0: an epoch is every window once
  int64_t max_epochs = 200;
  // Stops after this many epochs without a better validation NDCG@10; 0: never, and uses no validation items.
  int64_t patience = 10;
  ag::Device device = ag::Device::CPU;
  uint64_t seed = 1;             // of weights, dropout, order, masks and negatives
  int64_t validation_users = 0;  // for early stopping, ranked against all items; 0: all users (ranked_users)
};

// Visits the model first, because it decides which options follow.
void describe(RecommenderConfig& config, const nn::Visit& visit);
// Throws ag::InputError for values that do not fit together.
void check(const RecommenderConfig& config);

struct Recommender {
  std::unique_ptr<models::SequentialRecommender> model;
  int64_t epochs = 0;                   // number of trained epochs
  int64_t best_epoch = 0;               // `model` has the weights after this epoch
  std::vector<double> validation = {};  // NDCG@10 after each epoch; empty: never validated
  int64_t tokens = 0;                   // positions trained on, over all epochs
};

// The item table (V,d) of a trained recommender, detached. Throws ag::Error if it has none.
ag::Tensor item_table(const Recommender& recommender);

// A model with random weights, on config.device. Throws ag::Error for PopRec, which is not trained.
std::unique_ptr<models::TrainableRecommender> make_recommender(int64_t items,
                                                               const RecommenderConfig& config);

// Writes the parameters of a model of any kind, and its architecture as the metadata's "architecture".
void write_recommender(const nn::Path& file, const models::SequentialRecommender& model,
                       nn::Metadata metadata);
// The model of such a file. Throws ag::InputError unless architecture and parameters are those of `config`.
std::unique_ptr<models::SequentialRecommender> load_recommender(const nn::TensorFile& file, int64_t items,
                                                                RecommenderConfig config);

// A line for the terminal about the training: windows, positions, steps and epochs.
std::string training_text(const Interactions& data, const RecommenderConfig& config);

// Step 1: trains a recommender from random weights on the training parts.
Recommender pretrain_teacher(const Interactions& data, const RecommenderConfig& config,
                             const Task& task = {});

// A method's own term () of the training loss: the sum of both is minimised.
using ExtraLoss = std::function<ag::Tensor(models::TrainableRecommender&, const models::SequenceBatch&)>;

// Step 6: trains a recommender from given item vectors: initial values of the item table (V,d), or the
// adapter's input (V,D), as config.model->use says. Undefined: the model's own random vectors, with
// config.model->features columns under an adapter. PopRec is counted.
Recommender train_from(const ag::Tensor& start, const Interactions& data, const RecommenderConfig& config,
                       const Task& task = {}, const ExtraLoss& extra = {});

// The peak memory of a training on its device in bytes, plus `besides`; estimated with small batches
// (measured_memory.h). If it is not available, throws ag::InputError, which names a batch that fits.
int64_t check_training_memory(const Interactions& data, const RecommenderConfig& config, int64_t besides = 0);
// The number of such trainings that fit into memory in parallel, at most `wanted`. On CUDA: 1.
int64_t trainings_side_by_side(const Interactions& data, const RecommenderConfig& config, int64_t wanted,
                               int64_t besides = 0);

}  // namespace p2rec
