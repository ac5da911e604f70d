// Recommenders for tests of all or several of them.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "models/recommenders/recommender.h"
#include "models/recommenders/registry.h"
#include "tests/testing.h"

namespace testing {

// The default configuration of a model with these options. Options that the model does not have are ignored.
inline models::AnyRecommenderConfig recommender_with(const std::string& model,
                                                     const std::map<std::string, double>& values) {
  models::AnyRecommenderConfig config = models::default_recommender_config(model);
  config->describe([&](const nn::Option& option, const nn::Field& field) {
    const auto found = values.find(option.name);
    if (found == values.end()) return;
    if (int64_t* const* integer = std::get_if<int64_t*>(&field))
      **integer = static_cast<int64_t>(found->second);
    if (double* const* real = std::get_if<double*>(&field)) **real = found->second;
  });
  return config;
}

inline std::unique_ptr<models::TrainableRecommender> trainable(const models::RecommenderModelConfig& config,
                                                               uint64_t seed = 1) {
  auto* model = dynamic_cast<models::TrainableRecommender*>(config.make(seed).release());
  REQUIRE(model);
  return std::unique_ptr<models::TrainableRecommender>(model);
}

// The models that are trained by gradient descent.
inline std::vector<std::string> trainable_models() {
  std::vector<std::string> names;
  for (const std::string& name : models::recommender_names()) {
    models::AnyRecommenderConfig config = models::default_recommender_config(name);
    config->items = 1;
    if (dynamic_cast<models::TrainableRecommender*>(config->make(1).get())) names.push_back(name);
  }
  return names;
}

}  // namespace testing
