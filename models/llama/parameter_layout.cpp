#include "models/llama/parameter_layout.h"

#include <algorithm>
#include <cmath>

#include "nn/io/text.h"
#include "nn/system/memory.h"

namespace models {
namespace {

using ag::Shape;

constexpr int64_t kLargest = int64_t{1} << 31;  // limit of each size, so that products stay below 2^63
constexpr int64_t kLargestHead = int64_t{1}
                                 << 16;  // this many divisors of rotary positions take little memory
constexpr size_t kShownProblems = 20;

void check_heads(const LlamaConfig& c, const std::string& file) {
  INPUT_CHECK(c.heads % c.kv_heads == 0, file, ": the model has ", c.heads, " heads and ", c.kv_heads,
              " key heads; expected a divisor of the heads");
  INPUT_CHECK(c.head_dim || c.hidden % c.heads == 0, file, ": the model's hidden size ", c.hidden,
              " and its ", c.heads,
              " heads do not fit; expected a multiple of the heads, or a stated head size");
  const int64_t most = std::min(kLargestHead, kLargest / c.heads);
  INPUT_CHECK(c.head_size() >= 2 && c.head_size() <= most && c.head_size() % 2 == 0, file,
              ": the model's head size is ", c.head_size(), "; expected an even number from 2 to ", most);
}

void check_numbers(const LlamaConfig& c, const std::string& file) {
  INPUT_CHECK(c.rms_eps > 0 && c.rms_eps < 1, file, ": the epsilon of the norms is ", c.rms_eps,
              "; expected above 0 and below 1");
  INPUT_CHECK(c.rope_theta >= 1 && c.rope_theta < 1e12, file, ": the base of the rotary positions is ",
              c.rope_theta, "; expected 1 to 1e12");
  for (const double divisor : c.rope_divisors) {
    INPUT_CHECK(std::isfinite(divisor) && divisor > 0, file, ": a divisor of the rotary positions is ",
                divisor, "; expected above 0");
  }
}

}  // namespace

std::vector<LayoutEntry> layout_of(const LlamaConfig& c) {
  const int64_t D = c.head_size(), q = c.heads * D, kv = c.kv_heads * D;
  std::vector<LayoutEntry> layout = {
      {"model.embed_tokens.weight", "token_embd.weight", {c.vocabulary, c.hidden}}};
  for (int64_t i = 0; i < c.layers; ++i) {
    const std::string ours = "model.layers." + std::to_string(i) + ".",
                      theirs = "blk." + std::to_string(i) + ".";
    const auto add = [&](const char* name, const char* gguf_name, const Shape& shape, bool bias = false,
                         int64_t rotated_heads = 0) {
      layout.push_back({ours + name + ".weight", theirs + gguf_name + ".weight", shape, rotated_heads});
      if (bias)
        layout.push_back({ours + name + ".bias", theirs + gguf_name + ".bias", {shape[0]}, rotated_heads});
    };
    add("self_attn.q_proj", "attn_q", {q, c.hidden}, c.qkv_bias, c.heads);
    add("self_attn.k_proj", "attn_k", {kv, c.hidden}, c.qkv_bias, c.kv_heads);
    add("self_attn.v_proj", "attn_v", {kv, c.hidden}, c.qkv_bias);
    add("self_attn.o_proj", "attn_output", {c.hidden, q});
    if (c.qk_norm) {
      add("self_attn.q_norm", "attn_q_norm", {D});
      add("self_attn.k_norm", "attn_k_norm", {D});
    }
    add("mlp.gate_proj", "ffn_gate", {c.intermediate, c.hidden});
    add("mlp.up_proj", "ffn_up", {c.intermediate, c.hidden});
    add("mlp.down_proj", "ffn_down", {c.hidden, c.intermediate});
    add("input_layernorm", "attn_norm", {c.hidden});
    add("post_attention_layernorm", "ffn_norm", {c.hidden});
  }
  layout.push_back({"model.norm.weight", "output_norm.weight", {c.hidden}});
  if (!c.tied) layout.push_back({"lm_head.weight", "output.weight", {c.vocabulary, c.hidden}});
  return layout;
}

void check_sizes(const LlamaConfig& c, const std::string& file) {
  const auto check = [&](const char* what, int64_t found, int64_t most) {
    INPUT_CHECK(found >= 1 && found <= most, file, ": the model's ", what, " is ", found, "; expected 1 to ",
                most);
  };
  check("vocabulary", c.vocabulary, kLargest);
  check("hidden size", c.hidden, kLargest);
  check("feed-forward size", c.intermediate, kLargest);
  check("context length", c.context, kLargest);
  check("number of heads", c.heads, c.head_dim ? kLargest : c.hidden);
  check("number of key heads", c.kv_heads, c.heads);
  check("number of layers", c.layers, kLargest);
  check_heads(c, file);
  check_numbers(c, file);
}

void check_config(const LlamaConfig& c, const std::string& file, size_t tensors) {
  check_sizes(c, file);
  INPUT_CHECK(c.layers <= static_cast<int64_t>(tensors), file, ": the model's number of layers is ", c.layers,
              ", but there are ", tensors, " tensors");
}

void check_tensors(const std::vector<LayoutEntry>& layout, std::string LayoutEntry::*which,
                   std::map<std::string, Shape> found, const std::string& file) {
  std::vector<std::string> problems;
  for (const LayoutEntry& entry : layout) {
    const std::string& name = entry.*which;
    const auto it = found.find(name);
    if (it == found.end()) {
      problems.push_back("missing: " + name);
      continue;
    }
    if (it->second != entry.shape)
      problems.push_back(ag::message(name, " has shape ", it->second, ", expected ", entry.shape));
    found.erase(it);
  }
  for (const auto& [name, shape] : found)
    problems.push_back("not supported: " + nn::quote(name) +
                       (name.ends_with(".bias") ? " (the model has no biases here)" : ""));
  std::string text;
  for (size_t i = 0; i < std::min(problems.size(), kShownProblems); ++i) text += "; " + problems[i];
  if (problems.size() > kShownProblems)
    text += ag::message("; and ", problems.size() - kShownProblems, " more");
  INPUT_CHECK(problems.empty(), file, ": its tensors do not fit its configuration", text);
}

void need_memory_for(const LlamaConfig& config, const std::string& file) {
  int64_t numbers = 0;
  for (const LayoutEntry& entry : layout_of(config)) numbers += ag::numel(entry.shape);
  nn::need_memory(numbers * ag::size_of(ag::DType::Real), file + ": the language model",
                  "a smaller model needs less");
}

std::map<std::string, ag::Tensor> parameters_by_name(const Llama& model) {
  const nn::NamedTensors list = model.named_parameters();
  return {list.begin(), list.end()};
}

}  // namespace models
