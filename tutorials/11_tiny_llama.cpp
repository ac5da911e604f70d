// 11 Tiny Llama: what is inside a language model of today, and what does it learn first?
//
//   h = h + W_o attention(q, k, W_v n),    q = rope(W_q n),    k = rope(W_k n),    n = rms_norm(h)
//   h = h + W_d (silu(W_g n) * W_u n),    n = rms_norm(h)
//   loss = mean of -log softmax(E rms_norm(h_t))[x_{t+1}]
//
// Llama (Touvron et al. 2023) is the transformer of 09 with four parts exchanged: RMSNorm (Zhang and Sennrich
// 2019), rotary positions (Su et al. 2021), grouped queries (Ainslie et al. 2023) and SwiGLU (Shazeer 2020).
// Each is written here from plain ops, all together give the library's logits, and then a small one learns a
// text, byte by byte.
//
// New: those four, bits per byte, sampling. Needs: 08, 09. Takes 11 s.
// Read beside it: models/llama/llama.cpp, whose forward pass is as short.
#include <cmath>
#include <map>

#include "autograd/ops.h"
#include "models/llama/generation.h"
#include "models/llama/llama.h"
#include "models/tokenizers/byte_tokenizer.h"
#include "nn/optim.h"
#include "p2rec/llm/tiny_llm.h"
#include "tutorials/figures.h"
#include "tutorials/text.h"

namespace {

using ag::real, ag::Tensor;
using lesson::check, lesson::largest_difference, lesson::normal;

// --- 1. The four parts

// (N) as columns and (C) as rows of a matrix (N,C): products with ones.
Tensor along_columns(const Tensor& x, int64_t C) {
  return ag::matmul(ag::reshape(x, {x.numel(), 1}), Tensor::full({1, C}, 1));
}
Tensor along_rows(const Tensor& x, int64_t N) {
  return ag::matmul(Tensor::full({N, 1}, 1), ag::reshape(x, {1, x.numel()}));
}

// RMSNorm: x / sqrt(mean(x^2) + eps) w. LayerNorm without subtracting the mean and without a bias: one sum
// less, and nobody has missed them.
Tensor plain_rms_norm(const Tensor& x, const Tensor& w, double eps) {
  const int64_t N = x.dim(0), C = x.dim(1);
  const Tensor mean_square = ag::scale(ag::sum_columns(ag::mul(x, x)), 1 / double(C));
  const Tensor variance = ag::add_row(ag::reshape(mean_square, {N, 1}), Tensor::full({1}, real(eps)));
  const Tensor inverse = ag::exp(ag::scale(ag::log(variance), -0.5));
  return ag::mul(ag::mul(x, along_columns(inverse, C)), along_rows(w, N));
}

// Rotary positions: each pair (x_i, x_{i + D/2}) of a head is turned by the angle position * theta^(-2i/D).
// Nothing is added to the vectors. Turning q by a and k by b changes their dot product as turning one by a -
// b would, so attention sees distances, never places. x (N,H,D).
Tensor rope(const Tensor& x, const Tensor& positions, double theta) {
  const int64_t N = x.dim(0), H = x.dim(1), half = x.dim(2) / 2;
  Tensor cosine = Tensor::empty({N, H, half}), sine = Tensor::empty({N, H, half});
  for (int64_t e = 0; e < N * H * half; ++e) {
    const double angle = positions.ints()[e / (H * half)] * std::pow(theta, -double(e % half) / double(half));
    cosine.data()[e] = static_cast<real>(std::cos(angle));
    sine.data()[e] = static_cast<real>(std::sin(angle));
  }
  const Tensor a = ag::slice(x, 2, 0, half), b = ag::slice(x, 2, half, 2 * half);
  return ag::concat(
      {ag::sub(ag::mul(a, cosine), ag::mul(b, sine)), ag::add(ag::mul(b, cosine), ag::mul(a, sine))}, 2);
}

// Grouped queries: H heads of queries share KV heads of keys and values. While a text is written, keys and
// values of all tokens so far are kept; with H / KV times fewer heads that cache is so much smaller. x
// (N,KV,D) -> (N,H,D).
Tensor shared_heads(const Tensor& x, int64_t H) {
  std::vector<Tensor> heads;
  for (int64_t h = 0; h < H; ++h) {
    const int64_t kv = h / (H / x.dim(1));
    heads.push_back(ag::slice(x, 1, kv, kv + 1));
  }
  return ag::concat(heads, 1);
}

// SwiGLU: one product decides what passes, the other what it is.
Tensor plain_swiglu(const Tensor& gate, const Tensor& up) {
  return ag::mul(ag::mul(gate, ag::sigmoid(gate)), up);
}

// --- 2. The model

// Logits (N,V) of packed sequences.
Tensor llama(const nn::NamedTensors& parameters, const models::LlamaConfig& config, const nn::Packed& x) {
  const std::map<std::string, Tensor> by_name(parameters.begin(), parameters.end());
  const auto p = [&](const std::string& name) { return by_name.at("model." + name + ".weight"); };
  const int64_t N = x.ids.numel(), H = config.heads, KV = config.kv_heads, D = config.head_size();
  const auto turned = [&](const Tensor& y) { return rope(y, x.positions, config.rope_theta); };

  Tensor h = ag::embedding(p("embed_tokens"), x.ids);  // (N,C)
  for (int64_t layer = 0; layer < config.layers; ++layer) {
    const auto w = [&](const char* name) { return p(fmt::format("layers.{}.{}", layer, name)); };
    const Tensor n = plain_rms_norm(h, w("input_layernorm"), config.rms_eps);
    const Tensor q = turned(ag::reshape(ag::linear(n, w("self_attn.q_proj")), {N, H, D}));
    const Tensor k = turned(ag::reshape(ag::linear(n, w("self_attn.k_proj")), {N, KV, D}));
    const Tensor v = ag::reshape(ag::linear(n, w("self_attn.v_proj")), {N, KV, D});
    const Tensor seen =
        ag::attention(q, shared_heads(k, H), shared_heads(v, H), x.offsets, x.offsets, ag::Mask::Causal);
    h = ag::add(h, ag::linear(ag::reshape(seen, {N, H * D}), w("self_attn.o_proj")));
    const Tensor m = plain_rms_norm(h, w("post_attention_layernorm"), config.rms_eps);
    const Tensor inner = plain_swiglu(ag::linear(m, w("mlp.gate_proj")), ag::linear(m, w("mlp.up_proj")));
    h = ag::add(h, ag::linear(inner, w("mlp.down_proj")));
  }
  // Logits are compared with the token table itself: what a token means and when it comes are learned
  // together.
  return ag::linear(plain_rms_norm(h, p("norm"), config.rms_eps), p("embed_tokens"));
}

// --- 3. and 4. Training, and what has been learned

std::string continued(const models::Llama& model, const std::string& prompt, double temperature,
                      uint64_t seed) {
  const models::ByteTokenizer bytes;
  const auto ids = models::generate(model, bytes.encode(prompt),
                                    {.tokens = 110,
                                     .ends = {models::ByteTokenizer::kEnd},
                                     .sampling = {.temperature = temperature, .top_p = 0.95, .seed = seed}});
  std::string text = prompt + bytes.decode(ids);
  for (char& c : text) c = c == '\n' ? '/' : (c < 32 || c == 127 ? '?' : c);
  return text;
}

double bits(double nats) { return nats / std::log(2.0); }

void chapter(const lesson::Options& options) {
  models::LlamaConfig config;
  config.vocabulary = models::ByteTokenizer().vocabulary();
  config.hidden = 96;
  config.intermediate = 256;
  config.layers = 3;
  config.heads = 6;
  config.kv_heads = 2;
  models::Llama model(config);
  models::initialise(model, 0.05, options.seed);

  lesson::heading("1. Rotary positions: the product of a query and a key, by where they are");
  const Tensor q = normal("q", {1, 1, 16}, options.seed), k = normal("k", {1, 1, 16}, options.seed);
  const auto product = [&](int32_t at, int32_t from) {
    return ag::sum(
               ag::mul(rope(q, Tensor::from_ints({at}), 10000), rope(k, Tensor::from_ints({from}), 10000)))
        .item();
  };
  fmt::print("  (3,1) {:+.4f}   (103,101) {:+.4f}   (3,2) {:+.4f}\n", product(3, 1), product(103, 101),
             product(3, 2));
  check(std::abs(product(3, 1) - product(103, 101)) < 1e-3, "only the distance counts");

  lesson::heading("2. Plain ops beside the library");
  const nn::Packed batch = nn::pack({{72, 101, 108, 108, 111}, {33}, {1, 2, 3, 4, 5, 6, 7}});
  const Tensor ours = llama(model.named_parameters(), config, batch),
               library = model.logits(model.hidden_states(batch));
  const Tensor dy = normal("dy", ours.shape(), options.seed, 0.1);
  const auto gradients = [&](const Tensor& logits) {
    std::vector<Tensor> result;
    ag::backward(logits, dy);
    for (const auto& [name, w] : model.named_parameters()) result.push_back(w.grad()), w.zero_grad();
    return result;
  };
  const auto nodes = [](const Tensor& y) { return std::ranges::count(ag::graph_to_string(y), '\n'); };
  fmt::print("  {} nodes from plain ops, {} in the library\n", nodes(ours), nodes(library));
  const std::vector<Tensor> a = gradients(ours), b = gradients(library);
  double apart = 0;
  for (size_t i = 0; i < a.size(); ++i) apart = std::max(apart, largest_difference(a[i], b[i]));
  check(largest_difference(ours, library) < 1e-4, "the same logits");
  check(apart < 1e-3, fmt::format("the same gradients of all {} parameters", a.size()));

  lesson::heading("3. Training on the beginning of a book");
  const auto ids = models::ByteTokenizer().encode(lesson::kAlice);
  const std::vector<int32_t> text(ids.begin(), ids.end() - std::ssize(ids) / 10),
      unseen(ids.begin() + std::ssize(text), ids.end());
  std::map<int32_t, double> counts;
  for (const int32_t id : text) ++counts[id];
  double entropy = 0;
  for (const auto& [id, count] : counts)
    entropy -= count / double(text.size()) * std::log2(count / double(text.size()));
  fmt::print(
      "  {} parameters, {} bytes. A guess among 256 costs 8 bits a byte; knowing each byte's frequency "
      "{:.2f}\n",
      model.parameter_count(), text.size(), entropy);
  fmt::print("  step 0: {}\n\n", continued(model, "Alice ", 0.8, options.seed));
  const int64_t steps = options.quick ? 60 : 400;
  nn::Adam adam(model.named_parameters(), {.lr = 3e-3, .weight_decay = 0.1});
  double first = 0, last = 0;
  p2rec::Points trained, held_out;
  for (int64_t step = 0; step < steps; ++step) {
    adam.zero_grad();
    // The mean surprise, in nats, at each byte of 16 windows of 96 bytes, but the first.
    const Tensor loss = p2rec::next_token_loss(model, lesson::windows_of(text, 96, 16, options.seed, step));
    ag::backward(loss);
    // One unlucky batch must not throw the model back: gradients longer than 1 are cut to 1.
    nn::clip_grad_norm(adam.parameters(), 1);
    adam.step(nn::cosine_factor(step + 1, 20, steps + 1));
    last = loss.item();
    trained.emplace_back(step + 1, bits(last));
    if (step == 0) first = last;
    if (step % (steps / 10) != 0 && step + 1 != steps) continue;
    const ag::NoGrad no_grad;
    const Tensor of_unseen =
        p2rec::next_token_loss(model, lesson::windows_of(unseen, 96, 8, options.seed, 0));
    held_out.emplace_back(step + 1, bits(of_unseen.item()));
    fmt::print("  step {:3}  {:.2f} bits a byte, on unseen text {:.2f}  {}\n", step + 1, bits(last),
               held_out.back().second, lesson::bar(bits(last) / 8, 32));
  }
  lesson::lines(options, "losses", "What a byte costs", "step", "bits a byte",
                {{"training", trained}, {"unseen text", held_out}});
  check(last < 0.6 * first, "the loss falls");
  check(bits(last) < entropy, "the model knows more than how frequent each byte is");

  lesson::heading("4. Samples");
  // Temperature 0 always takes the most probable byte. Higher ones divide the logits and draw: bolder, and
  // more often wrong. The text is so short that a longer run learns it by heart, as the loss on unseen text
  // shows.
  for (const double temperature : {0.0, 0.5, 1.0})
    fmt::print("  {:.1f}: {}\n", temperature, continued(model, "Alice ", temperature, options.seed));
  check(continued(model, "Alice ", 1, options.seed) == continued(model, "Alice ", 1, options.seed),
        "the same seed writes the same text");
  fmt::print("\nNext: the same code reads a model that others have trained for months: 12.\n");
}

}  // namespace

int main(int argc, char** argv) { return lesson::run(argc, argv, {}, chapter); }
