// The facts about a recommender's training that its file holds.
#pragma once

#include <string>
#include <vector>

#include "nn/io/safetensors.h"
#include "p2rec/training/train_recommender.h"

namespace p2rec {

struct Trained {
  int64_t epochs = 0, best_epoch = 0, tokens = 0;
  std::vector<double> validation;  // NDCG@10 after each epoch; empty: it was never validated
  std::string teacher_doubt = {};  // why not to trust the teacher that its vectors depend on; empty: no doubt
  double best() const;             // the largest; NaN if there is none
};

// Adds these facts to a file's metadata.
void add_facts(nn::Metadata& metadata, const Recommender& recommender);

// Throws ag::InputError if the file's metadata lack it.
Trained trained_from(const nn::Path& file);

// The first epoch whose validation NDCG@10 is at least `best`, another training's best; NaN if none is.
double epoch_that_reaches(double best, const Trained& trained);

}  // namespace p2rec
