#include "models/sasrec.h"

#include <algorithm>

#include "nn/init.h"

namespace models {
namespace {

using ag::Tensor;

constexpr double kInitialStd = 0.02;
constexpr uint32_t kSitesPerBlock = 4;

Tensor dropout(const Tensor& x, double rate, const nn::Noise& noise, uint32_t site) {
  return noise.on ? ag::dropout(x, rate, noise.at(site)) : x;
}

}  // namespace

SasrecBlock::SasrecBlock(const SasrecConfig& config, uint32_t site)
    : heads_(config.heads),
      dropout_(config.dropout),
      site_(site),
      in_proj_weight_(parameter("self_attn.in_proj_weight", {3 * config.hidden, config.hidden})),
      in_proj_bias_(parameter("self_attn.in_proj_bias", {3 * config.hidden})),
      out_proj_(config.hidden, config.hidden, true),
      linear1_(config.hidden, config.inner, true),
      linear2_(config.inner, config.hidden, true),
      norm1_(config.hidden, config.eps),
      norm2_(config.hidden, config.eps) {
  child("self_attn.out_proj", out_proj_);
  child("linear1", linear1_);
  child("linear2", linear2_);
  child("norm1", norm1_);
  child("norm2", norm2_);
}

Tensor SasrecBlock::attend(const Tensor& x, const ag::Offsets& offsets) const {
  const int64_t N = x.dim(0), C = x.dim(1);
  const Tensor qkv = ag::linear(x, in_proj_weight_, in_proj_bias_);
  const auto heads = [&](int64_t part) {  // (N,C) -> (N,H,D)
    return ag::reshape(ag::slice(qkv, -1, part * C, (part + 1) * C), {N, heads_, C / heads_});
  };
  const Tensor y = ag::attention(heads(0), heads(1), heads(2), offsets, offsets, ag::Mask::Causal);
  return out_proj_(ag::reshape(y, {N, C}));
}

Tensor SasrecBlock::operator()(const Tensor& x, const nn::Packed& batch) const {
  const Tensor h = ag::add(x, dropout(attend(norm1_(x), batch.offsets), dropout_, batch.noise, site_));
  const Tensor inner = dropout(ag::relu(linear1_(norm2_(h))), dropout_, batch.noise, site_ + 1);
  return ag::add(h, dropout(linear2_(inner), dropout_, batch.noise, site_ + 2));
}

Sasrec::Sasrec(const SasrecConfig& config, uint64_t seed)
    : config_(config),
      item_embedding_(config.items, config.hidden),
      position_embedding_(config.max_length, config.hidden),
      norm_(config.hidden, config.eps) {
  INPUT_CHECK(config.heads > 0 && config.hidden % config.heads == 0, "SASRec: the hidden size ",
              config.hidden, " cannot be split into ", config.heads, " heads");
  child("item_embedding", item_embedding_);
  child("position_embedding", position_embedding_);
  for (int64_t i = 0; i < config.blocks; ++i) {
    blocks_.push_back(std::make_unique<SasrecBlock>(config, static_cast<uint32_t>(1 + i) * kSitesPerBlock));
    child("layers." + std::to_string(i), *blocks_.back());
  }
  child("norm", norm_);
  for (const auto& [name, w] : named_parameters()) {
    if (w.rank() != 2) continue;  // norms and biases begin as one and zero
    if (name.ends_with("in_proj_weight")) {
      nn::xavier_uniform_(w, nn::key_for(name, seed));
    } else {
      nn::normal_(w, kInitialStd, nn::key_for(name, seed));
    }
  }
}

Tensor Sasrec::states(const nn::Packed& batch) const {
  Tensor x = ag::add(item_embedding_(batch.ids), position_embedding_(batch.positions));
  x = dropout(x, config_.dropout, batch.noise, 0);
  for (const auto& block : blocks_) x = (*block)(x, batch);
  return norm_(x);
}

Tensor Sasrec::loss(const SequenceBatch& batch) const {
  const Tensor h = states(batch.input);
  if (config_.loss == RecommenderLoss::CrossEntropy)
    return ag::linear_cross_entropy(h, item_table(), batch.targets);

  // Column 0 of the logits belongs to the target, the others to the negatives.
  const int64_t N = h.dim(0), n = batch.negatives.dim(1);
  std::vector<Tensor> logits;
  for (int64_t j = -1; j < n; ++j) {
    Tensor items = batch.targets;
    if (j >= 0) {
      items = Tensor::empty({N}, ag::DType::I32);
      for (int64_t i = 0; i < N; ++i) items.ints()[i] = batch.negatives.ints()[i * n + j];
    }
    logits.push_back(ag::reshape(ag::sum_columns(ag::mul(h, item_embedding_(items))), {N, 1}));
  }
  Tensor labels = Tensor::zeros({N, n + 1});
  for (int64_t i = 0; i < N; ++i) labels.data()[i * (n + 1)] = 1;
  return ag::bce_with_logits(ag::concat(logits, 1), labels);
}

Tensor Sasrec::user_states(const nn::Packed& histories) const {
  return ag::embedding(states(histories), histories.offsets.last_rows());
}

nn::Packed Sasrec::pack(const std::vector<std::vector<int32_t>>& histories) const {
  std::vector<std::vector<int32_t>> windows;
  for (const auto& history : histories) {
    const size_t length = std::min(history.size(), static_cast<size_t>(config_.max_length));
    windows.emplace_back(history.end() - static_cast<std::ptrdiff_t>(length), history.end());
  }
  return nn::pack(windows, config_.max_length - 1);
}

}  // namespace models
