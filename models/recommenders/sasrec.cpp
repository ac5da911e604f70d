#include "models/recommenders/sasrec.h"

#include <cmath>

#include "nn/init.h"

namespace models {
namespace {

using ag::Tensor;

TransformerBlockConfig sasrec_block(const RecommenderModelConfig& config) {
  switch (config.variant) {
    case Variant::Default:
    case Variant::Prenorm:
      return prenorm_block(config);
    case Variant::Original: {
      TransformerBlockConfig block = prenorm_block(config);
      block.norm = NormPlace::Query;
      block.eps = 1e-8;
      return block;
    }
    case Variant::Recbole:
    case Variant::S3rec:
      return postnorm_block(config);
    case Variant::Plain:
      break;
  }
  throw ag::InputError(
      "--variant: found plain; expected default, prenorm, original, recbole or s3rec for SASRec");
}

void initialise(const Tensor& w, const std::string& name, Variant variant, uint64_t seed) {
  const bool post_norm = variant == Variant::Recbole || variant == Variant::S3rec;
  const bool xavier = variant == Variant::Original || (!post_norm && name.ends_with("in_proj_weight"));
  if (xavier) {
    nn::xavier_uniform_(w, nn::key_for(name, seed));
  } else {
    nn::normal_(w, kTransformerStd, nn::key_for(name, seed));
  }
}

}  // namespace

Sasrec::Sasrec(const RecommenderModelConfig& config, uint64_t seed)
    : TrainableRecommender(config, 0),
      position_embedding_(config.max_length, config.hidden),
      norm_(config.hidden, sasrec_block(config).eps) {
  child("position_embedding", position_embedding_);
  for (int64_t i = 0; i < config.blocks; ++i) {
    const std::string name = "layers." + std::to_string(i);
    blocks_.push_back(std::make_unique<TransformerBlock>(sasrec_block(config), name));
    child(name, *blocks_.back());
  }
  child("norm", norm_);
  for (const auto& [name, w] : named_parameters()) {
    // Norms and biases begin as one and zero.
    if (w.rank() == 2) initialise(w, name, config.variant, seed);
  }
}

// What the first block reads.
Tensor Sasrec::embed(const nn::Packed& input, const Tensor& vectors) const {
  const bool original = config_.variant == Variant::Original;
  const Tensor items = original ? ag::scale(vectors, std::sqrt(double(config_.hidden))) : vectors;
  const Tensor x = ag::add(items, position_embedding_(input.positions));
  return nn::dropout(norm_first() ? norm_(x) : x, config_.dropout, input.dropout, ag::stream("sasrec input"));
}

Tensor Sasrec::encode(const nn::Packed& input, const Tensor& vectors) const {
  const Tensor x = through(blocks_, embed(input, vectors), input);
  return norm_first() ? x : norm_(x);
}

Tensor Sasrec::encode_last(const nn::Packed& input, const Tensor& vectors) const {
  const Tensor x = last_through(blocks_, embed(input, vectors), input);
  return norm_first() ? x : norm_(x);
}

nn::Packed Sasrec::pack(const Histories& histories) const {
  const bool from_zero = config_.variant == Variant::Recbole;
  return nn::pack(latest(histories, config_.max_length), from_zero ? -1 : config_.max_length - 1);
}

}  // namespace models
