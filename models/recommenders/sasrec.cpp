#include "models/recommenders/sasrec.h"

#include <cmath>

#include "nn/init.h"
#include "nn/io/json.h"

namespace models {
namespace {

using ag::Tensor;

using Variant = SasrecConfig::Variant;

bool is_post_norm(Variant variant) { return variant == Variant::Recbole || variant == Variant::S3rec; }
bool counts_from_zero(Variant variant) { return variant == Variant::Recbole; }
double item_scale(const SasrecConfig& config) {
  return config.variant == Variant::Original ? std::sqrt(double(config.hidden)) : 1;
}

void initialise(const Tensor& w, const std::string& name, Variant variant, uint64_t seed) {
  const bool prenorm_in_proj = variant == Variant::Prenorm && name.ends_with("in_proj_weight");
  if (variant == Variant::Original || prenorm_in_proj) {
    nn::xavier_uniform_(w, nn::key_for(name, seed));
  } else {
    nn::normal_(w, kTransformerStd, nn::key_for(name, seed));
  }
}

}  // namespace

void SasrecConfig::describe(const nn::Visit& visit) {
  nn::visit_choice(visit, {"variant", "published form of SASRec"}, variant,
                   {{"prenorm", Variant::Prenorm},
                    {"original", Variant::Original},
                    {"recbole", Variant::Recbole},
                    {"s3rec", Variant::S3rec}});
  TransformerConfig::describe(visit);
  describe_tying(visit);
  visit({"causal-mask",
         "an item attends only to itself and earlier items; without it, the target leaks in training"},
        &causal_mask);
}

nn::OrderedJson SasrecConfig::architecture() const {
  nn::OrderedJson json = TransformerConfig::architecture();
  json["item_scale"] = item_scale(*this);
  json["positions"] = counts_from_zero(variant) ? "from_zero" : "right_aligned";
  json["outer_norm"] = is_post_norm(variant) ? "input" : "output";
  if (!causal_mask) json["causal_mask"] = false;
  return json;
}

TransformerBlockConfig SasrecConfig::block() const {
  TransformerBlockConfig block = is_post_norm(variant) ? postnorm_block(*this) : prenorm_block(*this);
  block.mask = causal_mask ? ag::Mask::Causal : ag::Mask::None;
  if (variant == Variant::Original) {
    block.norm = NormPlace::Query;
    block.eps = 1e-8;
  }
  return block;
}

Sasrec::Sasrec(const SasrecConfig& config, uint64_t seed)
    : TrainableRecommender(config, 0),
      config_(config),
      position_embedding_(config.max_length, config.hidden),
      norm_(config.hidden, config.block().eps) {
  child("position_embedding", position_embedding_);
  for (int64_t i = 0; i < config.blocks; ++i) {
    const std::string name = "layers." + std::to_string(i);
    blocks_.push_back(std::make_unique<TransformerBlock>(config.block(), name));
    child(name, *blocks_.back());
  }
  child("norm", norm_);
  for (const auto& [name, w] : named_parameters()) {
    // The constructors set norms to one and biases to zero.
    if (w.rank() == 2) initialise(w, name, config.variant, seed);
  }
}

// The input of the first block.
Tensor Sasrec::embed(const nn::Packed& input, const Tensor& vectors) const {
  const double scale = item_scale(config_);
  const Tensor items = scale == 1 ? vectors : ag::scale(vectors, scale);
  const Tensor x = ag::add(items, position_embedding_(input.positions));
  return nn::dropout(is_post_norm(config_.variant) ? norm_(x) : x, config_.dropout, input.dropout,
                     ag::stream("sasrec input"));
}

Tensor Sasrec::encode(const nn::Packed& input, const Tensor& vectors, Rows rows) const {
  const Tensor x = forward(blocks_, embed(input, vectors), input, rows);
  return is_post_norm(config_.variant) ? x : norm_(x);
}

nn::Packed Sasrec::pack(const Histories& histories) const {
  return nn::pack(latest(histories, config_.max_length),
                  counts_from_zero(config_.variant) ? -1 : config_.max_length - 1);
}

}  // namespace models
