// LLMSeqSim: recommends the items whose embeddings are most similar to those of the user's items. Nothing is
// trained. (Harte et al., "Leveraging Large Language Models for Sequential Recommendation", RecSys 2023; Boz
// et al., arXiv 2402.01339.)
//
//   s_u = sum_t w_t e_t / sum_t w_t     e_t the embedding of the user's item t = 1 .. n, w_t the decay
//   score of item i = cos(s_u, e_i)
//
// From their code (dh-r/LLM-Sequential-Recommendation, llm_seq_sim.py, decay_utils.py): the weighted mean,
// its decays, the cosine, and that the user's own items are not recommended. With a = n - t + 1, 1 for the
// latest item: None w = 1, Linear w = 1 - (a - 1) / n ("scaling_linear"), Harmonic w = 1 / a; Last is their
// strategy "last". They search decays and reductions of the embeddings by trials; `decay` is an option here,
// by default harmonic, which their notebooks use.
// Ours: the embedding is the language model's state at the title's last token (theirs come from a commercial
// API), the full ranking by leave-one-out, and the control llmseqsim_shuffled. Also ours is
// llmseqsim_centred: a language model's states have a large part in common, so that all cosines are close to
// 1, and this arm subtracts the mean embedding first.
#pragma once

#include "models/recommenders/recommender.h"
#include "p2rec/evaluation/evaluation.h"
#include "p2rec/methods/common/language_model.h"
#include "p2rec/methods/common/method.h"

namespace p2rec {

enum class Decay : uint8_t { None, Linear, Harmonic, Last };

// The weights (n) of a history of n items, the oldest first. They sum to 1.
std::vector<double> decay_weights(Decay decay, int64_t n);

struct MeanSimilarityConfig : models::ConfigOf<MeanSimilarityConfig, class MeanSimilarity> {
  Decay decay = Decay::Harmonic;
  void describe(const nn::Visit& visit) override;
};
inline void describe(MeanSimilarityConfig& config, const nn::Visit& visit) { config.describe(visit); }

// The recommender: its state of a history is s_u, its scores are cosines.
class MeanSimilarity : public models::SequentialRecommender {
 public:
  // All embeddings are zero until set(). The seed has no effect.
  explicit MeanSimilarity(const MeanSimilarityConfig& config, uint64_t seed = 0);
  // Takes the items' embeddings (V,C), C = config.hidden.
  void set(const ag::Tensor& embeddings);

  const MeanSimilarityConfig& config() const override { return config_; }
  nn::Packed pack(const models::Histories& histories) const override { return nn::pack(histories); }
  ag::Tensor user_states(const nn::Packed& histories) const override;  // (B,C), of length 1
  ag::Tensor output_embeddings() const override { return unit_rows_; }

 private:
  MeanSimilarityConfig config_;
  ag::Tensor rows_, unit_rows_;  // (V,C): the embeddings, and the same of length 1
};

struct LlmSeqSimConfig : MethodConfig {
  LanguageModelConfig llm;
  MeanSimilarityConfig similarity;
  RankingConfig ranking;

  Sections sections() override;
  void check() const override { p2rec::check(ranking); }
  Stages stages() const override;
};

}  // namespace p2rec
