// The facts about a recommender's training that its file holds.
#pragma once

#include <vector>

#include "nn/io/files.h"

namespace p2rec {

struct Trained {
  int64_t epochs = 0, best_epoch = 0, tokens = 0;
  std::vector<double> validation;  // NDCG@10 after each epoch; empty: it was never validated
  double best() const;             // the largest; NaN if there is none
};

// Throws ag::InputError if the file's metadata lack it.
Trained trained_from(const nn::Path& file);

// The first epoch whose validation NDCG@10 is at least `best`, another training's best; NaN if none is.
double epoch_that_reaches(double best, const Trained& trained);

}  // namespace p2rec
