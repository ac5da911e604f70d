#include "models/recommenders/registry.h"

#include "models/recommenders/bert4rec.h"
#include "models/recommenders/gru4rec.h"
#include "models/recommenders/narm.h"
#include "models/recommenders/popularity.h"
#include "models/recommenders/sasrec.h"
#include "nn/io/json.h"

namespace models {
namespace {

template <class Config>
AnyRecommenderConfig defaults() {
  return Config();
}

constexpr RecommenderEntry kRecommenders[] = {
    {"sasrec", "causal transformer (Kang and McAuley 2018)", defaults<SasrecConfig>},
    {"gru4rec", "recurrent network (Hidasi et al. 2016)", defaults<Gru4recConfig>},
    {"bert4rec", "transformer that predicts masked items (Sun et al. 2019)", defaults<Bert4recConfig>},
    {"narm", "recurrent network with attention (Li et al. 2017)", defaults<NarmConfig>},
    {"popularity", "counts how often each item occurs", defaults<PopularityConfig>},
};

}  // namespace

std::span<const RecommenderEntry> recommenders() { return kRecommenders; }

std::vector<std::string> recommender_names() {
  std::vector<std::string> names;
  for (const RecommenderEntry& entry : kRecommenders) names.emplace_back(entry.name);
  return names;
}

std::string name_of(const RecommenderModelConfig& config) {
  for (const RecommenderEntry& entry : kRecommenders) {
    const AnyRecommenderConfig known = entry.default_config();
    const RecommenderModelConfig& one = *known;  // clang warns of an expression in typeid
    if (typeid(one) == typeid(config)) return entry.name;
  }
  throw ag::Error("this recommender is not in the registry");
}

std::string architecture_text(const RecommenderModelConfig& config) {
  nn::OrderedJson json = {{"model", name_of(config)}};
  json.update(config.architecture());
  return nn::json_text(json);
}

AnyRecommenderConfig default_recommender_config(const std::string& name) {
  std::string known;
  for (const RecommenderEntry& entry : kRecommenders) {
    if (name == entry.name) return entry.default_config();
    known += (known.empty() ? "" : ", ") + std::string(entry.name);
  }
  throw ag::InputError("model: found '" + name + "'; expected one of " + known);
}

}  // namespace models
