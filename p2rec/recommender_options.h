// From the program's options to a recommender's configuration.
#pragma once

#include "p2rec/options.h"
#include "p2rec/train_recommender.h"

namespace p2rec {

// The recommender that is trained in the end. Options that check_options has passed.
RecommenderConfig recommender_config(const Options& options, uint64_t seed);

// The teacher: a SASRec of the same sizes and settings, from random weights, with the first seed.
RecommenderConfig teacher_config(const Options& options);

}  // namespace p2rec
