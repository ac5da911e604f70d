#include "models/recommenders/config.h"

namespace models {

void RecommenderModelConfig::describe(const nn::Visit& visit) {
  visit({"max-length", "items that it looks back at", nn::at_least(1)}, &max_length);
  visit({"hidden", "columns of an item's embedding", nn::at_least(1)}, &hidden);
  visit({"dropout", "share of activations that are dropped in training", nn::kShare}, &dropout);
  nn::visit_choice(
      visit,
      {"use",
       "how given item vectors are used: start initialises the item table; frozen keeps them, under a "
       "trained adapter; concat is frozen's, concatenated with a trainable table"},
      use, {{"start", ItemsUse::Init}, {"frozen", ItemsUse::Frozen}, {"concat", ItemsUse::Concat}});
}

void RecommenderModelConfig::describe_tying(const nn::Visit& visit) {
  bool untied = !tie_embeddings;
  visit({"own-output",
         "compare states with a second item table, as gSASRec does, not with the one that is read"},
        &untied);
  tie_embeddings = !untied;
}

void RecommenderModelConfig::check() const {
  INPUT_CHECK(use != ItemsUse::Concat || hidden >= 2, "hidden: found ", hidden,
              "; expected at least 2, half for given vectors and half for a table");
}

}  // namespace models
