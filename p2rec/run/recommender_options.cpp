#include "p2rec/run/recommender_options.h"

#include <map>

#include "models/recommenders/registry.h"

namespace p2rec {
namespace {

// What an option's text means. The options' table has checked it.
template <class T>
T named(const std::map<std::string, T>& values, const std::string& text) {
  const auto found = values.find(text);
  AG_CHECK(found != values.end(), "there is no meaning for the option value '", text, "'");
  return found->second;
}

// Copies every option of the program to the described field of the same name. A variant "default" stays the model's own.
nn::Visit copy_from(const Options& o) {
  return [&o](const nn::Option& option, const nn::Field& field) {
    for_each_option(o, [&](const OptionInfo& info, const auto& value) {
      using T = std::remove_cvref_t<decltype(value)>;
      if (option.name != info.name) return;
      if constexpr (std::is_same_v<T, std::string>) {
        if (option.name == "variant" && value == "default") return;
      }
      *std::get<T*>(field) = value;
    });
  };
}

}  // namespace

ag::Device device_of(const Options& o) { return o.device == "cuda" ? ag::Device::CUDA : ag::Device::CPU; }

RecommenderConfig recommender_config(const Options& o, uint64_t seed) {
  RecommenderConfig config;
  config.device = device_of(o);
  config.model = models::default_recommender_config(o.model);
  describe(config.model, copy_from(o));
  describe(config.loss, copy_from(o));
  config.lr = o.lr;
  config.adam_beta2 = o.adam_beta2;
  config.share_negatives = o.share_negatives;
  config.lazy_adam = o.lazy_adam;
  config.batch = o.batch;
  config.windows = o.windows == "last" ? WindowChoice::Last : WindowChoice::All;
  config.steps_per_epoch = o.steps_per_epoch;
  config.max_epochs = o.max_epochs;
  config.patience = o.patience;
  config.seed = seed;
  config.validation_users = o.evaluate_users;
  return config;
}

RecommenderConfig teacher_config(const Options& o) {
  return recommender_config(teacher_options(o), o.seeds[0]);
}

RankingConfig ranking_config(const Options& o) {
  using enum RankedAgainst;
  RankingConfig config;
  config.against = named<RankedAgainst>(
      {{"full", Catalogue}, {"sampled", EvenSample}, {"sampled-popularity", PopularitySample}}, o.ranking);
  config.negatives = o.negatives_ranked;
  config.seed = o.ranking_seed;
  config.filter_history = o.filter_history;
  config.users = o.evaluate_users;
  return config;
}

}  // namespace p2rec
