// The Llama family (Touvron et al. 2023): a causal transformer with rotary positions, grouped-query
// attention, RMSNorm before each branch and a SwiGLU feed-forward layer. Parameter names are Hugging Face's.
// Mistral (without its sliding window) has a stated head size; Qwen2 has biases on q, k and v; Qwen3 has a
// stated head size, and an RMSNorm on each head of q and k before the rotation.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "nn/layers.h"

namespace models {

struct LlamaConfig {
  int64_t vocabulary = 0;    // V
  int64_t hidden = 0;        // C
  int64_t intermediate = 0;  // size of the feed-forward layer
  int64_t layers = 0;
  int64_t heads = 0;       // H
  int64_t kv_heads = 0;    // KV
  int64_t context = 2048;  // number of tokens that the model was trained for
  int64_t head_dim = 0;    // D if a model states it; 0: hidden / heads
  double rms_eps = 1e-5;
  double rope_theta = 10000;
  std::vector<double> rope_divisors;  // (D/2), see inverse_frequencies; empty: none
  bool qkv_bias = false;              // q_proj, k_proj and v_proj have biases (Qwen2)
  bool qk_norm = false;               // q_norm and k_norm, weights (D), on each head (Qwen3)
  bool tied = true;                   // the output matrix is the token table
  int64_t head_size() const { return head_dim ? head_dim : hidden / heads; }  // D
};

// The rotary angles per position (D/2): rope_theta^(-2i/D) / rope_divisors[i], i = 0 .. D/2 - 1.
std::vector<double> inverse_frequencies(const LlamaConfig& config);

// Two ways to stretch the context, as D/2 divisors (source: transformers' modeling_rope_utils.py).
// Linear: all positions are divided by the factor.
std::vector<double> linear_divisors(const LlamaConfig& config, double factor);

// Llama 3.1: frequencies with waves longer than context / low_frequency are divided by the factor, those with
// waves shorter than context / high_frequency are kept. In between, 1 / divisor is linear in the frequency.
struct Llama3Scaling {
  double factor = 8, low_frequency = 1, high_frequency = 4;
  double context = 8192;  // original_max_position_embeddings
};
std::vector<double> llama3_divisors(const LlamaConfig& config, const Llama3Scaling& scaling);

// The keys and values of one layer for T tokens.
struct KeyValues {
  ag::Tensor keys, values;  // (T,KV,D) each
};

// The keys and values of a prefix that all sequences of a batch have in common.
struct SharedPrefix {
  std::vector<KeyValues> layers;  // of P tokens
  int64_t length = 0;             // P
};

// In the first layers, a token attends only to its own block: to the block's tokens up to itself.
struct BlockMask {
  ag::Offsets blocks;  // of all rows of the batch; a block is within one sequence
  int64_t layers = 0;  // fewer than the model has
};

// The keys and values of one growing sequence, for generation. The constructor allocates all memory.
struct KvCache {
  KvCache(const LlamaConfig& config, int64_t capacity, ag::Device device = ag::Device::CPU);
  std::vector<KeyValues> layers;  // of `capacity` tokens, of which `length` are filled
  int64_t length = 0, capacity;
};

// The data that the layers of one forward pass share; Llama makes it.
struct LlamaPass;

class LlamaAttention : public nn::Module {
 public:
  LlamaAttention(const LlamaConfig& config, int64_t layer);
  ag::Tensor operator()(const ag::Tensor& h /*(N,C)*/, LlamaPass& pass) const;

 private:
  int64_t layer_, heads_, kv_heads_, head_size_;
  nn::Linear q_proj_, k_proj_, v_proj_, o_proj_;
  std::optional<nn::RMSNorm> q_norm_, k_norm_;
};

class LlamaMlp : public nn::Module {
 public:
  explicit LlamaMlp(const LlamaConfig& config);
  ag::Tensor operator()(const ag::Tensor& h /*(N,C)*/, const nn::DropoutContext& dropout) const;

 private:
  nn::Linear gate_proj_, up_proj_, down_proj_;
};

class LlamaBlock : public nn::Module {
 public:
  LlamaBlock(const LlamaConfig& config, int64_t layer);
  ag::Tensor operator()(const ag::Tensor& h, LlamaPass& pass) const;

 private:
  LlamaAttention self_attn_;
  LlamaMlp mlp_;
  nn::RMSNorm input_layernorm_, post_attention_layernorm_;
};

class Llama : public nn::Module {
 public:
  explicit Llama(const LlamaConfig& config);  // parameters are zero until loaded or initialised

  ag::Tensor embed(const ag::Tensor& ids /*(N)*/) const { return embed_tokens_(ids); }  // (N,C)
  ag::Tensor token_table() const { return embed_tokens_.weight; }                       // (V,C)
  // The states after the final norm (N,C). With a prefix, the positions of x count from its end.
  ag::Tensor hidden_states(const nn::Packed& x, const SharedPrefix* prefix = nullptr) const;
  // The same from vectors instead of token ids; x.ids is ignored.
  ag::Tensor hidden_states(const ag::Tensor& embedded /*(N,C)*/, const nn::Packed& x,
                           const SharedPrefix* prefix = nullptr) const;
  // The states (B,C) of each sequence's last token: the last layer computes no others.
  ag::Tensor last_states(const ag::Tensor& embedded /*(N,C)*/, const nn::Packed& x,
                         const SharedPrefix* prefix = nullptr) const;
  // The same with a mask of the first layers. Throws ag::Error if it is for all layers or other rows.
  ag::Tensor last_states(const ag::Tensor& embedded /*(N,C)*/, const nn::Packed& x,
                         const BlockMask& mask) const;
  ag::Tensor logits(const ag::Tensor& h /*(N,C)*/) const;  // (N,V)

  // Runs one sequence of P vectors and keeps its keys and values. Records nothing.
  SharedPrefix shared_prefix(const ag::Tensor& embedded /*(P,C)*/) const;
  // Appends at least one token to each of B cached sequences, all in one pass, and returns the logits (B,V)
  // after the last token of each. Records nothing.
  ag::Tensor decode(const std::vector<std::vector<int32_t>>& ids, const std::vector<KvCache*>& caches) const;

  const LlamaConfig& config() const { return config_; }
  ag::Device device() const { return embed_tokens_.weight.device(); }
  const nn::Linear* lm_head() const { return lm_head_.get(); }  // null if tied

 private:
  ag::Tensor run(ag::Tensor h, LlamaPass& pass, bool only_last_rows = false) const;
  LlamaConfig config_;
  nn::Embedding embed_tokens_;
  std::vector<std::unique_ptr<LlamaBlock>> layers_;
  nn::RMSNorm norm_;
  std::unique_ptr<nn::Linear> lm_head_;
};

// Sets initial values for training from scratch: every matrix N(0, std), the norms one.
void initialise(Llama& model, double std, uint64_t seed);

}  // namespace models
