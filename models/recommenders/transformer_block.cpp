#include "models/recommenders/transformer_block.h"

#include "nn/io/json.h"

namespace models {
namespace {

using ag::Tensor;

constexpr const char* kNormPlaces[] = {"before", "after", "query"};  // in the order of NormPlace

}  // namespace

void TransformerConfig::describe(const nn::Visit& visit) {
  RecommenderModelConfig::describe(visit);
  visit({"inner", "size of the feed-forward layer", nn::at_least(1)}, &inner);
  visit({"blocks", "transformer blocks", nn::between(1, 1000)}, &blocks);
  visit({"heads", "attention heads; a divisor of hidden", nn::at_least(1)}, &heads);
}

nn::OrderedJson TransformerConfig::architecture() const {
  const TransformerBlockConfig of = block();
  nn::OrderedJson json = RecommenderModelConfig::architecture();
  json["blocks"] = blocks;
  json["heads"] = of.heads;
  json["inner"] = of.inner;
  json["norm"] = kNormPlaces[static_cast<size_t>(of.norm)];
  json["activation"] = of.activation == Activation::Gelu ? "gelu" : "relu";
  json["eps"] = of.eps;
  return json;
}

void TransformerConfig::check() const {
  RecommenderModelConfig::check();
  INPUT_CHECK(blocks > 0, "blocks: found ", blocks, "; expected at least 1");
  INPUT_CHECK(heads > 0 && hidden % heads == 0, "heads: found ", heads, "; expected a divisor of hidden, ",
              hidden);
}

TransformerBlockConfig prenorm_block(const TransformerConfig& config) {
  TransformerBlockConfig block;
  block.hidden = config.hidden;
  block.inner = config.inner;
  block.heads = config.heads;
  block.dropout = config.dropout;
  return block;
}

TransformerBlockConfig postnorm_block(const TransformerConfig& config) {
  TransformerBlockConfig block = prenorm_block(config);
  block.norm = NormPlace::After;
  block.activation = Activation::Gelu;
  block.inner_dropout = false;
  block.eps = 1e-12;
  return block;
}

TransformerBlock::TransformerBlock(const TransformerBlockConfig& config, const std::string& name)
    : config_(config),
      weights_stream_(ag::stream(name + ".attention_weights")),
      attention_stream_(ag::stream(name + ".attention")),
      inner_stream_(ag::stream(name + ".inner")),
      feed_forward_stream_(ag::stream(name + ".feed_forward")),
      in_proj_weight_(parameter("self_attn.in_proj_weight", {3 * config.hidden, config.hidden})),
      in_proj_bias_(parameter("self_attn.in_proj_bias", {3 * config.hidden})),
      linear1_(config.hidden, config.inner, true),
      linear2_(config.inner, config.hidden, true),
      norm1_(config.hidden, config.eps),
      norm2_(config.hidden, config.eps) {
  if (config.norm != NormPlace::Query) {
    out_proj_ = std::make_unique<nn::Linear>(config.hidden, config.hidden, true);
    child("self_attn.out_proj", *out_proj_);
  }
  child("linear1", linear1_);
  child("linear2", linear2_);
  child("norm1", norm1_);
  child("norm2", norm2_);
}

// queries (M,C), of all rows or of the last of each sequence; x (N,C) -> (M,C)
Tensor TransformerBlock::attend(const Tensor& queries, const Tensor& x, const nn::Packed& batch, Rows rows,
                                const nn::DropoutContext& dropout) const {
  const int64_t C = config_.hidden, H = config_.heads;
  const auto part = [&](const Tensor& joined, int64_t i) {  // columns of q, k or v: (N,C) -> (N,H,D)
    return ag::reshape(ag::slice(joined, 1, i * C, (i + 1) * C), {joined.dim(0), H, C / H});
  };
  Tensor q, k, v;
  if (rows == Rows::All && config_.norm != NormPlace::Query) {  // queries == x: one product for q, k, v
    const Tensor qkv = ag::linear(x, in_proj_weight_, in_proj_bias_);
    q = part(qkv, 0), k = part(qkv, 1), v = part(qkv, 2);
  } else {
    const auto project = [&](const Tensor& from, int64_t begin, int64_t end) {
      return ag::linear(from, ag::slice(in_proj_weight_, 0, begin, end),
                        ag::slice(in_proj_bias_, 0, begin, end));
    };
    q = part(project(queries, 0, C), 0);
    const Tensor kv = project(x, C, 3 * C);
    k = part(kv, 0), v = part(kv, 1);
  }
  const std::vector<int32_t> one_each(static_cast<size_t>(batch.offsets.sequences()), 1);
  const ag::Offsets offsets = rows == Rows::All ? batch.offsets : ag::Offsets(one_each);
  const double p = dropout.train ? config_.dropout : 0;
  const Tensor heads = ag::attention(q, k, v, offsets, batch.offsets, config_.mask, p,
                                     dropout.key(weights_stream_), dropout.rows),
               y = ag::reshape(heads, queries.shape());
  return nn::dropout(out_proj_ ? (*out_proj_)(y) : y, config_.dropout, dropout, attention_stream_);
}

Tensor TransformerBlock::feed_forward(const Tensor& x, const nn::DropoutContext& dropout) const {
  const Tensor wide = linear1_(x);
  Tensor inner = config_.activation == Activation::Gelu ? ag::gelu(wide) : ag::relu(wide);
  if (config_.inner_dropout) inner = nn::dropout(inner, config_.dropout, dropout, inner_stream_);
  return nn::dropout(linear2_(inner), config_.dropout, dropout, feed_forward_stream_);
}

Tensor TransformerBlock::operator()(const Tensor& x, const nn::Packed& batch, Rows rows) const {
  const bool all = rows == Rows::All;
  const Tensor last = all ? Tensor() : batch.offsets.last_rows();
  const auto select = [&](const Tensor& of) { return all ? of : ag::embedding(of, last); };
  const nn::DropoutContext dropout = all ? batch.dropout : batch.dropout.at(last);
  const Tensor selected = select(x);
  switch (config_.norm) {
    case NormPlace::Before: {
      const Tensor n = norm1_(x), h = ag::add(selected, attend(select(n), n, batch, rows, dropout));
      return ag::add(h, feed_forward(norm2_(h), dropout));
    }
    case NormPlace::After: {
      const Tensor h = norm1_(ag::add(selected, attend(selected, x, batch, rows, dropout)));
      return norm2_(ag::add(h, feed_forward(h, dropout)));
    }
    case NormPlace::Query: {
      const Tensor q = norm1_(selected), n = norm2_(ag::add(q, attend(q, x, batch, rows, dropout)));
      return ag::add(n, feed_forward(n, dropout));
    }
  }
  throw ag::Error("unknown place of a norm");
}

Tensor forward(const TransformerBlocks& blocks, Tensor x, const nn::Packed& batch, Rows rows) {
  for (size_t i = 0; i < blocks.size(); ++i) {
    x = (*blocks[i])(x, batch, i + 1 < blocks.size() ? Rows::All : rows);
  }
  return x;
}

}  // namespace models
