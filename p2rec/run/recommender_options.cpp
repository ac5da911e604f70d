#include "p2rec/run/recommender_options.h"

#include <map>

namespace p2rec {
namespace {

// What an option's text means. The options' table has checked it.
template <class T>
T named(const std::map<std::string, T>& values, const std::string& text) {
  const auto found = values.find(text);
  AG_CHECK(found != values.end(), "there is no meaning for the option value '", text, "'");
  return found->second;
}

models::RecommenderKind kind_of(const std::string& model) {
  using enum models::RecommenderKind;
  return named<models::RecommenderKind>({{"sasrec", Sasrec}, {"gru4rec", Gru4rec}, {"bert4rec", Bert4rec}},
                                        model);
}

models::Variant variant_of(const std::string& variant) {
  using enum models::Variant;
  return named<models::Variant>({{"default", Default},
                                 {"prenorm", Prenorm},
                                 {"original", Original},
                                 {"recbole", Recbole},
                                 {"s3rec", S3rec},
                                 {"plain", Plain}},
                                variant);
}

models::RecommenderLoss loss_of(const std::string& loss) {
  using enum models::RecommenderLoss;
  return named<models::RecommenderLoss>(
      {{"ce", CrossEntropy}, {"bce", BCE}, {"gbce", GBCE}, {"sampled_softmax", SampledSoftmax}}, loss);
}

models::ItemsUse use_of(const std::string& use) {
  using enum models::ItemsUse;
  return named<models::ItemsUse>({{"start", Start}, {"frozen", Frozen}, {"concat", Concat}}, use);
}

}  // namespace

ag::Device device_of(const Options& o) { return o.device == "cuda" ? ag::Device::CUDA : ag::Device::CPU; }

RecommenderConfig recommender_config(const Options& o, uint64_t seed) {
  RecommenderConfig config;
  config.device = device_of(o);
  models::RecommenderModelConfig& m = config.model;
  m.kind = kind_of(o.model);
  m.variant = variant_of(o.variant);
  m.max_length = o.max_length;
  m.hidden = o.hidden;
  m.inner = o.inner;
  m.blocks = o.blocks;
  m.heads = o.heads;
  m.gru_hidden = o.gru_hidden;
  m.dropout = o.dropout;
  m.mask_ratio = o.mask_ratio;
  m.own_output = o.own_output;
  m.loss.kind = loss_of(o.loss);
  m.loss.negatives = o.negatives;
  m.loss.gbce_t = o.gbce_t;
  m.use = use_of(o.use);
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
  config.cutoffs = o.cutoffs;
  config.users = o.evaluate_users;
  return config;
}

}  // namespace p2rec
