#include "models/recommenders/bert4rec.h"

#include <utility>

#include "nn/init.h"
#include "nn/io/json.h"

namespace models {
namespace {

using ag::Tensor;

// The share of steps that mask only the last item of each sequence (RecBole: ft_ratio).
constexpr double kLastOnly = 0.5;

}  // namespace

void Bert4recConfig::describe(const nn::Visit& visit) {
  nn::visit_choice(visit, {"variant", "published form of BERT4Rec; plain has neither head nor biases"},
                   variant, {{"recbole", Variant::Recbole}, {"plain", Variant::Plain}});
  TransformerConfig::describe(visit);
  visit({"mask-ratio", "share of a sequence's items to mask in training", nn::kInside}, &mask_ratio);
}

nn::OrderedJson Bert4recConfig::architecture() const {
  nn::OrderedJson json = TransformerConfig::architecture();
  json["item_scale"] = 1.0;
  json["positions"] = "from_zero";
  json["outer_norm"] = "input";
  json["head"] = variant == Variant::Recbole;
  return json;
}

TransformerBlockConfig Bert4recConfig::block() const {
  TransformerBlockConfig block = postnorm_block(*this);
  block.mask = ag::Mask::None;
  return block;
}

void Bert4recConfig::check() const {
  TransformerConfig::check();
  INPUT_CHECK(max_length >= 2, "max_length: found ", max_length,
              "; expected at least 2 for BERT4Rec, which reads a mask after the items");
  INPUT_CHECK(tie_embeddings, "tie_embeddings: found false; expected true for BERT4Rec");
}

Bert4rec::Bert4rec(const Bert4recConfig& config, uint64_t seed)
    : TrainableRecommender(config, 1),
      config_(config),
      position_embedding_(config.max_length, config.hidden),
      norm_(config.hidden, config.block().eps) {
  child("position_embedding", position_embedding_);
  child("norm", norm_);
  for (int64_t i = 0; i < config.blocks; ++i) {
    const std::string name = "layers." + std::to_string(i);
    blocks_.push_back(std::make_unique<TransformerBlock>(config.block(), name));
    child(name, *blocks_.back());
  }
  if (config.variant == Bert4recConfig::Variant::Recbole) {
    output_ffn_ = std::make_unique<nn::Linear>(config.hidden, config.hidden, true);
    output_ln_ = std::make_unique<nn::LayerNorm>(config.hidden, config.block().eps);
    child("output_ffn", *output_ffn_);
    child("output_ln", *output_ln_);
    output_bias_ = parameter("output_bias", {config.items});
  }
  for (const auto& [name, w] : named_parameters()) {
    if (w.rank() == 2) nn::normal_(w, kTransformerStd, nn::key_for(name, seed));
  }
}

// The input of the first block.
Tensor Bert4rec::embed(const nn::Packed& input, const Tensor& vectors) const {
  const Tensor x = norm_(ag::add(vectors, position_embedding_(input.positions)));
  return nn::dropout(x, config_.dropout, input.dropout, ag::stream("bert4rec input"));
}

Tensor Bert4rec::encode(const nn::Packed& input, const Tensor& vectors, Rows rows) const {
  return forward(blocks_, embed(input, vectors), input, rows);
}

Tensor Bert4rec::project(const Tensor& h) const {
  if (!has_head()) return h;
  const Tensor y = (*output_ln_)(ag::gelu((*output_ffn_)(h)));
  return ag::concat({y, Tensor::full({y.dim(0), 1}, 1, y.device())}, 1);
}

Tensor Bert4rec::tied_output(const Tensor& table) const {
  const Tensor items = ag::slice(table, 0, 0, config_.items);
  return has_head() ? ag::concat({items, ag::reshape(output_bias_, {config_.items, 1})}, 1) : items;
}

SequenceBatch Bert4rec::training_batch(const Histories& windows, const ag::RandomKey& key) const {
  // Elements of the random stream: 0 chooses the kind of step. Item i of the batch has two: 2 + 2 i decides
  // if it is masked; 3 + 2 i, for a sequence that begins with item i, places the only mask.
  const bool last_only = has_head() && ag::random_uniform(key, 0) < kLastOnly;
  Histories inputs = latest(windows, config_.max_length);
  std::vector<int32_t> rows, targets;
  int32_t first = 0;  // row of the sequence's first item
  for (auto& items : inputs) {
    const auto length = static_cast<int32_t>(items.size());
    AG_CHECK(length > 0, "training batch: a window has no item");
    const auto mask = [&](int32_t i) {
      rows.push_back(first + i);
      targets.push_back(std::exchange(items[static_cast<size_t>(i)], mask_token()));
    };
    const size_t masked_before = rows.size();
    for (int32_t i = 0; i < length && !last_only; ++i) {
      const auto element = 2 + 2 * static_cast<uint64_t>(first + i);
      if (ag::random_uniform(key, element) < config_.mask_ratio) mask(i);
    }
    if (last_only) {
      mask(length - 1);
    } else if (rows.size() == masked_before) {
      const auto element = 3 + 2 * static_cast<uint64_t>(first);
      mask(static_cast<int32_t>(ag::random_below(key, element, static_cast<uint32_t>(length))));
    }
    first += length;
  }
  SequenceBatch batch;
  batch.input = nn::pack(inputs);
  batch.targets = Tensor::from_ints(targets);
  batch.rows = Tensor::from_ints(rows);
  return batch;
}

nn::Packed Bert4rec::pack(const Histories& histories) const {
  Histories masked = latest(histories, config_.max_length - 1);
  for (auto& items : masked) items.push_back(mask_token());
  return nn::pack(masked);
}

}  // namespace models
