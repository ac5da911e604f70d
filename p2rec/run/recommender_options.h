// From the program's options to the configurations of recommenders and of their ranking.
#pragma once

#include "p2rec/run/options.h"
#include "p2rec/training/train_recommender.h"

namespace p2rec {

// Where models are trained and run.
ag::Device device_of(const Options& options);

// The recommender that is trained in the end. Options that check_options has passed.
RecommenderConfig recommender_config(const Options& options, uint64_t seed);

// The teacher: a SASRec of the same sizes and settings, from random weights, with the first seed.
RecommenderConfig teacher_config(const Options& options);

// How the final recommenders are ranked.
RankingConfig ranking_config(const Options& options);

}  // namespace p2rec
