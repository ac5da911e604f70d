#include "p2rec/methods/llmseqsim/llmseqsim.h"

#include <cmath>
#include <numeric>

#include "models/recommenders/popularity.h"
#include "nn/io/json.h"
#include "p2rec/evaluation/ranked_users.h"
#include "p2rec/methods/common/item_init.h"
#include "p2rec/methods/common/title_embeddings.h"
#include "p2rec/methods/common/user_examples.h"

namespace p2rec {
namespace {

using ag::real;
using ag::Tensor;

// Each row divided by its length; a row of zeros stays.
Tensor unit_rows(const Tensor& x) {
  Tensor y = x.clone();
  for (int64_t i = 0; i < x.dim(0); ++i) {
    real* row = y.rows(i, i + 1).data();
    const double squares = std::inner_product(row, row + x.dim(1), row, 0.0);
    for (int64_t j = 0; j < x.dim(1) && squares > 0; ++j)
      row[j] = static_cast<real>(row[j] / std::sqrt(squares));
  }
  return y;
}

// --- evaluation --------------------------------------------------------------------------------------------

struct SimilarityArm {
  Arm arm;
  Tensor (*vectors)(const Tensor& embeddings, uint64_t seed);
};

const SimilarityArm kArms[] = {
    {{"llmseqsim", "similarity of the titles' embeddings", true},
     [](const Tensor& x, uint64_t) { return x; }},
    {{"llmseqsim_centred", "the same after their mean is subtracted"},
     [](const Tensor& x, uint64_t) { return standardised(x); }},
    {{"llmseqsim_shuffled", "the embeddings, shuffled over the items: as good as chance"}, shuffled},
};

// Nothing depends on a training's seed, so each arm has one row, with the run's first seed.
int64_t evaluate_all(const Context& context) {
  const Interactions& data = context.data();
  const auto ranking = context.config<RankingConfig>("evaluation");
  const Tensor embeddings = title_embeddings(context);
  MeanSimilarityConfig config = context.config<MeanSimilarityConfig>("similarity");
  config.items = embeddings.dim(0);
  config.hidden = embeddings.dim(1);

  const std::vector<RankedUser> users =
      describe_ranked_users(data, ranked_users(data, Target::Test), Target::Test);
  Results results = ranking_results(users, ranking);
  results.baseline = "popularity";
  const Task task = context.task();
  std::vector<RanksColumn> columns;
  const auto add = [&](const Arm& arm, const models::SequentialRecommender& model) {
    results.arms.push_back(arm);
    columns.push_back({arm.name + "-" + std::to_string(context.seed()),
                       target_ranks(model, data, Target::Test, ranking, task.ranks())});
    results.rows.push_back({arm.name, context.seed(), {}, gains(columns.back().ranks, ranking.cutoffs)});
  };
  for (const SimilarityArm& arm : kArms) {
    MeanSimilarity model(config);
    model.set(arm.vectors(embeddings, context.seed()));
    add(arm.arm, model);
    if (task.progress(double(columns.size()) / double(std::size(kArms)))) task.show(arm.arm.name);
    task.check_stop();
  }
  add({"popularity", "the number of each item's interactions"},
      models::Popularity(item_counts(data, CountedPart::Training)));
  write_ranks(context.output("ranks.tsv"), data, users, columns);
  task.finish(counted(std::ssize(users), "user") + " ranked");

  MeanSimilarity own(config);
  own.set(embeddings);
  context.record(describe_users({columns[0].name, own}, data, users, columns, ranking.filter_history));
  context.record(summarise(results));
  return 0;
}

}  // namespace

// --- the recommender ---------------------------------------------------------------------------------------

std::vector<double> decay_weights(Decay decay, int64_t n) {
  std::vector<double> weights;
  for (int64_t age = n; age >= 1; --age) {  // 1 for the latest item
    switch (decay) {
      case Decay::None:
        weights.push_back(1);
        break;
      case Decay::Linear:
        weights.push_back(1 - double(age - 1) / double(n));
        break;
      case Decay::Harmonic:
        weights.push_back(1 / double(age));
        break;
      case Decay::Last:
        weights.push_back(age == 1 ? 1 : 0);
        break;
    }
  }
  const double total = std::reduce(weights.begin(), weights.end());
  for (double& weight : weights) weight /= total;
  return weights;
}

void MeanSimilarityConfig::describe(const nn::Visit& visit) {
  nn::visit_choice(visit, {"decay", "weights of a history's items, from the oldest to the latest"}, decay,
                   {{"none", Decay::None},
                    {"linear", Decay::Linear},
                    {"harmonic", Decay::Harmonic},
                    {"last", Decay::Last}});
}

MeanSimilarity::MeanSimilarity(const MeanSimilarityConfig& config, uint64_t)
    : config_(config),
      rows_(parameter("embeddings", {config.items, config.hidden})),
      unit_rows_(unit_rows(rows_)) {}

void MeanSimilarity::set(const Tensor& embeddings) {
  rows_.copy_from(embeddings);
  unit_rows_ = unit_rows(rows_);
}

Tensor MeanSimilarity::user_states(const nn::Packed& histories) const {
  const int64_t B = histories.offsets.sequences();
  Tensor states = Tensor::zeros({B, config_.hidden});
  for (int64_t b = 0; b < B; ++b) {
    const int64_t begin = histories.offsets.at(b), end = histories.offsets.at(b + 1);
    const std::vector<double> weights = decay_weights(config_.decay, end - begin);
    real* state = states.rows(b, b + 1).data();
    for (int64_t t = begin; t < end; ++t) {
      const int32_t item = histories.ids.ints()[t];
      const real* row = rows_.data() + item * config_.hidden;
      const auto weight = static_cast<real>(weights[static_cast<size_t>(t - begin)]);
      for (int64_t j = 0; j < config_.hidden; ++j) state[j] += weight * row[j];
    }
  }
  return unit_rows(states);
}

// --- the method --------------------------------------------------------------------------------------------

Sections LlmSeqSimConfig::sections() {
  return {Section::of("llm", "Language model", llm), Section::of("similarity", "Similarity", similarity),
          Section::of("evaluation", "Evaluation", ranking)};
}

Stages LlmSeqSimConfig::stages() const {
  Stages stages;
  if (llm.is_tiny()) stages.push_back(tiny_llm_stage());
  stages.push_back(embed_titles_stage(llm));
  stages.push_back({.name = "evaluate",
                    .help = "ranks the held-out items by similarity; writes results.json and ranks.tsv",
                    .inputs = {kEmbedTitles},
                    .files = {"ranks.tsv"},
                    .configs = {"similarity", "evaluation"},
                    .sees = Sees::Test,
                    .begins_from_other = true,
                    .run = evaluate_all});
  return stages;
}

}  // namespace p2rec
