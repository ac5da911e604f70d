#include "models/llama/llama.h"

#include <cmath>
#include <numbers>

#include "nn/init.h"

namespace models {

using ag::Offsets;
using ag::Tensor;

std::vector<double> inverse_frequencies(const LlamaConfig& config) {
  std::vector<double> result;
  const int64_t D = config.head_size();
  for (int64_t i = 0; i < D / 2; ++i) {
    const double plain = std::pow(config.rope_theta, -2.0 * static_cast<double>(i) / static_cast<double>(D));
    result.push_back(config.rope_divisors.empty() ? plain
                                                  : plain / config.rope_divisors[static_cast<size_t>(i)]);
  }
  return result;
}

std::vector<double> linear_divisors(const LlamaConfig& config, double factor) {
  return std::vector<double>(static_cast<size_t>(config.head_size() / 2), factor);
}

std::vector<double> llama3_divisors(const LlamaConfig& config, const Llama3Scaling& scaling) {
  LlamaConfig plain = config;
  plain.rope_divisors.clear();
  std::vector<double> divisors;
  for (const double frequency : inverse_frequencies(plain)) {
    const double waves = scaling.context * frequency / (2 * std::numbers::pi);  // in the original context
    if (waves < scaling.low_frequency) {
      divisors.push_back(scaling.factor);
    } else if (waves > scaling.high_frequency) {
      divisors.push_back(1);
    } else {
      const double share = (waves - scaling.low_frequency) / (scaling.high_frequency - scaling.low_frequency);
      divisors.push_back(1 / ((1 - share) / scaling.factor + share));
    }
  }
  return divisors;
}

// The data that the layers of one forward pass share: the batch, its rotation, and a prefix or caches.
struct LlamaPass {
  // The rows for which a layer's result is needed: all of the batch, or each sequence's last one.
  struct Queries {
    Tensor rows;  // undefined: all
    Offsets offsets;
    ag::Rotation rotation;
    nn::DropoutContext dropout;

    Tensor of(const Tensor& h /*(N,C)*/) const { return rows.defined() ? ag::embedding(h, rows) : h; }
  };

  const nn::Packed& x;
  ag::Rotation rotation;
  Queries queries;  // of the current layer
  const SharedPrefix* prefix = nullptr;
  std::vector<KvCache*> caches;       // one for each sequence, or none
  SharedPrefix* keep = nullptr;       // if not null, keys and values are stored here
  const BlockMask* blocks = nullptr;  // of the first layers
  Offsets k_offsets;                  // of the keys, including those of the prefix; without caches
  Tensor with_prefix;                 // rows of (prefix, batch): the prefix before each sequence

  LlamaPass(const Llama& model, const nn::Packed& batch, const SharedPrefix* shared = nullptr)
      : x(batch), prefix(shared), k_offsets(batch.offsets) {
    rotation = ag::rotation(x.positions, inverse_frequencies(model.config()), model.device());
    queries = {{}, x.offsets, rotation, x.dropout};
    if (prefix) put_prefix_first();
  }

  // From here on, only the last row of each sequence has a result.
  void ask_for_last_rows() {
    const Tensor rows = x.offsets.last_rows();
    const std::vector<int32_t> one_each(static_cast<size_t>(rows.numel()), 1);
    queries = {rows,
               Offsets(one_each),
               {ag::embedding(rotation.cosine, rows), ag::embedding(rotation.sine, rows)},
               x.dropout.at(rows)};
  }

  // A layer's attention: q (M,H,D) of the queries sees the prefix or cache of its sequence, then k and v
  // (N,KV,D).
  Tensor attention(size_t layer, const Tensor& q, const Tensor& k, const Tensor& v) const {
    if (!caches.empty()) return cached_attention(layer, q, k, v);
    if (blocks && static_cast<int64_t>(layer) < blocks->layers)
      return ag::attention(q, k, v, blocks->blocks, blocks->blocks, ag::Mask::Causal);
    if (keep) keep->layers.push_back({k.detach(), v.detach()});
    const Tensor keys = prefix ? after(prefix->layers[layer].keys, k) : k,
                 values = prefix ? after(prefix->layers[layer].values, v) : v;
    return ag::attention(q, keys, values, queries.offsets, k_offsets, ag::Mask::Causal);
  }

 private:
  // Appends the new keys and values of each sequence to its cache. Each sequence sees only its own cache, so
  // the caches need no common memory, and none is copied.
  Tensor cached_attention(size_t layer, const Tensor& q, const Tensor& k, const Tensor& v) const {
    const Tensor y = empty_like(q);
    const int64_t work = q.device() == ag::Device::CPU ? q.numel() : 0;  // one thread uses a GPU
    ag::parallel_for(x.offsets.sequences(), work, [&](int64_t b) {
      const KvCache& cache = *caches[static_cast<size_t>(b)];
      const int64_t begin = x.offsets.at(b), end = x.offsets.at(b + 1), all = cache.length + end - begin,
                    first = queries.offsets.at(b), last = queries.offsets.at(b + 1);
      const auto [keys, values] = cache.layers[layer];
      keys.rows(cache.length, all).copy_from(k.rows(begin, end));
      values.rows(cache.length, all).copy_from(v.rows(begin, end));
      y.rows(first, last)
          .copy_from(ag::attention(q.rows(first, last), keys.rows(0, all), values.rows(0, all),
                                   Offsets({static_cast<int32_t>(last - first)}),
                                   Offsets({static_cast<int32_t>(all)}), ag::Mask::Causal));
    });
    return y;
  }

  // The rows of each sequence, after the rows of the prefix.
  Tensor after(const Tensor& before, const Tensor& rows) const {
    const int64_t KV = rows.dim(1), D = rows.dim(2), both = before.dim(0) + rows.dim(0);
    const Tensor all = ag::reshape(ag::concat({before, rows}, 0), {both, KV * D});
    return ag::reshape(ag::embedding(all, with_prefix), {with_prefix.dim(0), KV, D});
  }

  void put_prefix_first() {
    std::vector<int32_t> rows, lengths;
    const auto P = static_cast<int32_t>(prefix->length);
    for (int64_t b = 0; b < x.offsets.sequences(); ++b) {
      for (int32_t i = 0; i < P; ++i) rows.push_back(i);
      for (int64_t i = x.offsets.at(b); i < x.offsets.at(b + 1); ++i)
        rows.push_back(P + static_cast<int32_t>(i));
      lengths.push_back(P + static_cast<int32_t>(x.offsets.length(b)));
    }
    with_prefix = Tensor::from_ints(rows);
    k_offsets = Offsets(lengths);
  }
};

KvCache::KvCache(const LlamaConfig& config, int64_t room, ag::Device device) : capacity(room) {
  for (int64_t i = 0; i < config.layers; ++i) {
    const Tensor keys = Tensor::empty({room, config.kv_heads, config.head_size()}, ag::DType::Real, device);
    layers.push_back({keys, empty_like(keys)});
  }
}

LlamaAttention::LlamaAttention(const LlamaConfig& config, int64_t layer)
    : layer_(layer),
      heads_(config.heads),
      kv_heads_(config.kv_heads),
      head_size_(config.head_size()),
      q_proj_(config.hidden, heads_ * head_size_, config.qkv_bias),
      k_proj_(config.hidden, kv_heads_ * head_size_, config.qkv_bias),
      v_proj_(config.hidden, kv_heads_ * head_size_, config.qkv_bias),
      o_proj_(heads_ * head_size_, config.hidden, false) {
  child("q_proj", q_proj_);
  child("k_proj", k_proj_);
  child("v_proj", v_proj_);
  child("o_proj", o_proj_);
  if (config.qk_norm) {
    child("q_norm", q_norm_.emplace(head_size_, config.rms_eps));
    child("k_norm", k_norm_.emplace(head_size_, config.rms_eps));
  }
}

Tensor LlamaAttention::operator()(const Tensor& h, LlamaPass& pass) const {
  const LlamaPass::Queries& queries = pass.queries;
  const nn::DropoutContext& dropout = pass.x.dropout;
  // The rotated heads of q or k from their projection (M,heads D): (M,heads,D).
  const auto rotated = [&](const Tensor& projected, const std::optional<nn::RMSNorm>& norm, int64_t heads,
                           const ag::Rotation& rotation) {
    const Tensor x = ag::reshape(projected, {projected.dim(0), heads, head_size_});
    return ag::rotary(norm ? (*norm)(x) : x, rotation);
  };
  const Tensor asking = queries.of(h),
               q = rotated(q_proj_(asking, queries.dropout), q_norm_, heads_, queries.rotation),
               k = rotated(k_proj_(h, dropout), k_norm_, kv_heads_, pass.rotation);
  const Tensor v = ag::reshape(v_proj_(h, dropout), {h.dim(0), kv_heads_, head_size_});
  const Tensor y = pass.attention(static_cast<size_t>(layer_), q, k, v);
  return o_proj_(ag::reshape(y, {q.dim(0), heads_ * head_size_}), queries.dropout);
}

LlamaMlp::LlamaMlp(const LlamaConfig& config)
    : gate_proj_(config.hidden, config.intermediate, false),
      up_proj_(config.hidden, config.intermediate, false),
      down_proj_(config.intermediate, config.hidden, false) {
  child("gate_proj", gate_proj_);
  child("up_proj", up_proj_);
  child("down_proj", down_proj_);
}

Tensor LlamaMlp::operator()(const Tensor& h, const nn::DropoutContext& dropout) const {
  return down_proj_(ag::swiglu(gate_proj_(h, dropout), up_proj_(h, dropout)), dropout);
}

LlamaBlock::LlamaBlock(const LlamaConfig& config, int64_t layer)
    : self_attn_(config, layer),
      mlp_(config),
      input_layernorm_(config.hidden, config.rms_eps),
      post_attention_layernorm_(config.hidden, config.rms_eps) {
  child("self_attn", self_attn_);
  child("mlp", mlp_);
  child("input_layernorm", input_layernorm_);
  child("post_attention_layernorm", post_attention_layernorm_);
}

Tensor LlamaBlock::operator()(const Tensor& x, LlamaPass& pass) const {
  const LlamaPass::Queries& queries = pass.queries;
  const Tensor h = ag::add(queries.of(x), self_attn_(input_layernorm_(x), pass));
  return ag::add(h, mlp_(post_attention_layernorm_(h), queries.dropout));
}

Llama::Llama(const LlamaConfig& config)
    : config_(config), embed_tokens_(config.vocabulary, config.hidden), norm_(config.hidden, config.rms_eps) {
  AG_CHECK(config.heads > 0 && config.kv_heads > 0 && config.heads % config.kv_heads == 0 &&
               (config.head_dim > 0 || config.hidden % config.heads == 0),
           "Llama: hidden size ", config.hidden, ", ", config.heads, " heads and ", config.kv_heads,
           " key heads do not fit");
  AG_CHECK(config.rope_divisors.empty() ||
               static_cast<int64_t>(config.rope_divisors.size()) == config.head_size() / 2,
           "Llama: ", config.rope_divisors.size(), " divisors of the rotary frequencies for heads of size ",
           config.head_size());
  child("model.embed_tokens", embed_tokens_);
  for (int64_t i = 0; i < config.layers; ++i) {
    layers_.push_back(std::make_unique<LlamaBlock>(config, i));
    child("model.layers." + std::to_string(i), *layers_.back());
  }
  child("model.norm", norm_);
  if (!config.tied) {
    lm_head_ = std::make_unique<nn::Linear>(config.hidden, config.vocabulary, false);
    child("lm_head", *lm_head_);
  }
}

Tensor Llama::run(Tensor h, LlamaPass& pass, bool only_last_rows) const {
  for (const auto& layer : layers_) {
    if (only_last_rows && layer == layers_.back()) pass.ask_for_last_rows();
    h = (*layer)(h, pass);
  }
  return norm_(h);
}

Tensor Llama::hidden_states(const nn::Packed& x, const SharedPrefix* prefix) const {
  return hidden_states(embed(x.ids), x, prefix);
}

Tensor Llama::hidden_states(const Tensor& embedded, const nn::Packed& x, const SharedPrefix* prefix) const {
  LlamaPass pass(*this, x, prefix);
  return run(embedded, pass);
}

Tensor Llama::last_states(const Tensor& embedded, const nn::Packed& x, const SharedPrefix* prefix) const {
  LlamaPass pass(*this, x, prefix);
  return run(embedded, pass, true);
}

Tensor Llama::last_states(const Tensor& embedded, const nn::Packed& x, const BlockMask& mask) const {
  AG_CHECK(mask.layers < config_.layers && mask.blocks.rows() == x.offsets.rows(), "Llama: a mask of ",
           mask.layers, " layers and ", mask.blocks.rows(), " rows for ", config_.layers, " layers and ",
           x.offsets.rows(), " rows");
  LlamaPass pass(*this, x);
  pass.blocks = &mask;
  return run(embedded, pass, true);
}

Tensor Llama::logits(const Tensor& h) const {
  return lm_head_ ? (*lm_head_)(h) : ag::linear(h, embed_tokens_.weight);
}

SharedPrefix Llama::shared_prefix(const Tensor& embedded) const {
  const ag::NoGrad no_grad;
  const int64_t P = embedded.dim(0);
  const nn::Packed x = nn::pack({std::vector<int32_t>(static_cast<size_t>(P), 0)});
  SharedPrefix kept;
  kept.length = P;
  LlamaPass pass(*this, x);
  pass.keep = &kept;
  run(embedded, pass);
  return kept;
}

Tensor Llama::decode(const std::vector<std::vector<int32_t>>& ids,
                     const std::vector<KvCache*>& caches) const {
  const ag::NoGrad no_grad;
  AG_CHECK(ids.size() == caches.size(), "Llama::decode: ", ids.size(), " sequences and ", caches.size(),
           " caches");
  const nn::Packed x = nn::pack(ids);
  for (size_t b = 0; b < caches.size(); ++b) {
    const KvCache& cache = *caches[b];
    const auto count = static_cast<int64_t>(ids[b].size()), first = x.offsets.at(static_cast<int64_t>(b));
    AG_CHECK(count > 0 && cache.length + count <= cache.capacity, "Llama::decode: ", count, " tokens after ",
             cache.length, " do not fit into a cache of ", cache.capacity);
    for (int64_t i = first; i < first + count; ++i)
      x.positions.ints()[i] += static_cast<int32_t>(cache.length);
  }
  LlamaPass pass(*this, x);
  pass.caches = caches;
  const Tensor h = run(embed(x.ids), pass, true);
  for (size_t b = 0; b < caches.size(); ++b) caches[b]->length += static_cast<int64_t>(ids[b].size());
  return logits(h);
}

void initialise(Llama& model, double std, uint64_t seed) {
  for (const auto& [name, w] : model.named_parameters()) {
    if (w.rank() == 2) nn::normal_(w, std, nn::key_for(name, seed));
  }
}

}  // namespace models
