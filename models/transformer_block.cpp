#include "models/transformer_block.h"

namespace models {

using ag::Tensor;

TransformerBlockConfig prenorm_block(const RecommenderModelConfig& config) {
  TransformerBlockConfig block;
  block.hidden = config.hidden;
  block.inner = config.inner;
  block.heads = config.heads;
  block.dropout = config.dropout;
  return block;
}

TransformerBlockConfig postnorm_block(const RecommenderModelConfig& config) {
  TransformerBlockConfig block = prenorm_block(config);
  block.norm = NormPlace::After;
  block.activation = Activation::Gelu;
  block.inner_dropout = false;
  block.eps = 1e-12;
  return block;
}

TransformerBlock::TransformerBlock(const TransformerBlockConfig& config, uint32_t site)
    : config_(config),
      site_(site),
      in_proj_weight_(parameter("self_attn.in_proj_weight", {3 * config.hidden, config.hidden})),
      in_proj_bias_(parameter("self_attn.in_proj_bias", {3 * config.hidden})),
      linear1_(config.hidden, config.inner, true),
      linear2_(config.inner, config.hidden, true),
      norm1_(config.hidden, config.eps),
      norm2_(config.hidden, config.eps) {
  INPUT_CHECK(config.heads > 0 && config.hidden % config.heads == 0, "transformer: the hidden size ",
              config.hidden, " cannot be split into ", config.heads, " heads");
  if (config.norm != NormPlace::Query) {
    out_proj_ = std::make_unique<nn::Linear>(config.hidden, config.hidden, true);
    child("self_attn.out_proj", *out_proj_);
  }
  child("linear1", linear1_);
  child("linear2", linear2_);
  child("norm1", norm1_);
  child("norm2", norm2_);
}

Tensor TransformerBlock::attend(const Tensor& queries, const Tensor& x, const nn::Packed& batch) const {
  const int64_t N = x.dim(0), C = config_.hidden, H = config_.heads;
  const auto part = [&](const Tensor& joined, int64_t i) {  // columns of q, k or v: (N,C) -> (N,H,D)
    return ag::reshape(ag::slice(joined, 1, i * C, (i + 1) * C), {N, H, C / H});
  };
  Tensor q, k, v;
  if (queries.same_as(x)) {
    const Tensor qkv = ag::linear(x, in_proj_weight_, in_proj_bias_);
    q = part(qkv, 0), k = part(qkv, 1), v = part(qkv, 2);
  } else {
    const auto rows = [&](const Tensor& of, int64_t begin, int64_t end) {
      return ag::slice(of, 0, begin, end);
    };
    q = part(ag::linear(queries, rows(in_proj_weight_, 0, C), rows(in_proj_bias_, 0, C)), 0);
    const Tensor kv = ag::linear(x, rows(in_proj_weight_, C, 3 * C), rows(in_proj_bias_, C, 3 * C));
    k = part(kv, 0), v = part(kv, 1);
  }
  const double p = batch.noise.on ? config_.dropout : 0;
  const ag::RandomKey weights = batch.noise.at(site_ + 3);
  const Tensor y =
      ag::reshape(ag::attention(q, k, v, batch.offsets, batch.offsets, config_.mask, p, weights), {N, C});
  return nn::dropout(out_proj_ ? (*out_proj_)(y) : y, config_.dropout, batch.noise, site_);
}

Tensor TransformerBlock::feed_forward(const Tensor& x, const nn::Noise& noise) const {
  const Tensor wide = linear1_(x);
  Tensor inner = config_.activation == Activation::Gelu ? ag::gelu(wide) : ag::relu(wide);
  if (config_.inner_dropout) inner = nn::dropout(inner, config_.dropout, noise, site_ + 1);
  return nn::dropout(linear2_(inner), config_.dropout, noise, site_ + 2);
}

Tensor TransformerBlock::operator()(const Tensor& x, const nn::Packed& batch) const {
  switch (config_.norm) {
    case NormPlace::Before: {
      const Tensor n = norm1_(x), h = ag::add(x, attend(n, n, batch));
      return ag::add(h, feed_forward(norm2_(h), batch.noise));
    }
    case NormPlace::After: {
      const Tensor h = norm1_(ag::add(x, attend(x, x, batch)));
      return norm2_(ag::add(h, feed_forward(h, batch.noise)));
    }
    case NormPlace::Query: {
      const Tensor q = norm1_(x), n = norm2_(ag::add(q, attend(q, x, batch)));
      return ag::add(n, feed_forward(n, batch.noise));
    }
  }
  throw ag::Error("no such place of a norm");
}

}  // namespace models
