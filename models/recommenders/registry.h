// The recommenders by name. To add one, add a pair of files and a line in registry.cpp.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "models/recommenders/recommender.h"

namespace models {

struct RecommenderEntry {
  const char *name, *help;
  AnyRecommenderConfig (*default_config)();
};

std::span<const RecommenderEntry> recommenders();
std::vector<std::string> recommender_names();
std::string name_of(const RecommenderModelConfig& config);
// The name and RecommenderModelConfig::architecture() as one line of JSON, for a file of weights.
std::string architecture_text(const RecommenderModelConfig& config);

// Throws ag::InputError for an unknown name.
AnyRecommenderConfig default_recommender_config(const std::string& name);

}  // namespace models
