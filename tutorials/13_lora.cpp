// 13 LoRA: how does a large model learn something new while its own numbers stay as they are?
//
//   y = W x + s B A x,   A (r,in), B (out,r), s = alpha / r
//   dB = s dy (A x)^T,   dA = s B^T dy x^T
//
// W is frozen; only A and B are trained (Hu et al. 2021). The update B A has the rank r at most, a bet that
// the new task needs a small change. It saves no product forward, but the gradient and both moments of Adam
// for every frozen number: with Adam a trained number costs four times its size. The adapters' own results
// are kept for backward too, so where the states are larger than the weights, as in the tiny model, the peak
// rises.
//
// New: low-rank adapters, merging. Needs: 05, 12. Takes 20 s. --llm FILE or FOLDER adapts another model; then
// it takes minutes.
// Read beside it: nn/lora.h and Linear in nn/layers.cpp.
#include "autograd/ops.h"
#include "nn/lora.h"
#include "nn/optim.h"
#include "p2rec/llm/tiny_llm.h"
#include "tutorials/figures.h"
#include "tutorials/steps.h"
#include "tutorials/text.h"

namespace {

using ag::Tensor;
using lesson::check, lesson::largest_difference, lesson::normal;
using models::Llama;
using Ids = std::vector<int32_t>;

// --- 1. One layer

// B starts at zero, so the model starts as it was. A must not be zero too: then both gradients would be zero
// and nothing would ever move. So in the first step only B moves, and A from the second on.
Tensor adapted(const Tensor& x, const Tensor& W, const Tensor& A, const Tensor& B, double s) {
  return ag::add(ag::linear(x, W), ag::scale(ag::linear(ag::linear(x, A), B), s));
}

void one_layer(uint64_t seed) {
  const int64_t in = 24, out = 16, r = 4;
  nn::Linear layer(in, out, false);
  layer.weight.copy_from(normal("W", {out, in}, seed));
  layer.weight.set_requires_grad(false);
  const Tensor x = normal("x", {5, in}, seed), dy = normal("dy", {5, out}, seed);
  Tensor A = normal("A", {r, in}, seed, 0.2).set_requires_grad(),
         B = Tensor::zeros({out, r}).set_requires_grad();
  layer.attach_lora({.A = A, .B = B, .scaling = 2});
  const auto step = [&] {
    A.zero_grad(), B.zero_grad();
    ag::backward(layer(x), dy);
    const Tensor zeros_a = ag::zeros_like(A), zeros_b = ag::zeros_like(B);
    return std::pair(largest_difference(A.grad(), zeros_a), largest_difference(B.grad(), zeros_b));
  };
  check(largest_difference(layer(x), ag::linear(x, layer.weight)) == 0,
        "B = 0: the layer's result, bit for bit");
  const auto [first_a, first_b] = step();
  B.copy_from(ag::scale(B.grad(), -0.01));
  const auto [second_a, second_b] = step();
  fmt::print("  first step:  largest dA {:.3f}, dB {:.3f}\n  second step: largest dA {:.3f}, dB {:.3f}\n",
             first_a, first_b, second_a, second_b);
  check(first_a == 0 && first_b > 0 && second_a > 0, "A has no gradient until B has moved");
  check(largest_difference(layer(x), adapted(x, layer.weight, A, B, 2)) < 1e-4,
        "the formula in plain ops: the same result");
}

// --- 2. and 3. A whole model

struct Task {
  Ids text, unseen;
  int64_t steps, length, windows;
  uint64_t seed;
  Tensor loss(const Llama& model, int64_t step) const {
    return p2rec::next_token_loss(model, lesson::windows_of(text, length, windows, seed, step));
  }
  // Always the same windows of text that no step has seen.
  double unseen_loss(const Llama& model) const {
    const ag::NoGrad no_grad;
    return p2rec::next_token_loss(model, lesson::windows_of(unseen, length, 8, seed, 0)).item();
  }
};

struct Run {
  std::vector<double> losses;  // of each step
  double unseen;
};

Run train(const char* name, const Llama& model, const Task& task, double lr) {
  nn::NamedTensors trained;
  int64_t numbers = 0;
  for (const auto& [parameter, w] : model.named_parameters()) {
    if (w.requires_grad()) trained.emplace_back(parameter, w), numbers += w.numel();
  }
  ag::reset_memory_peak();
  const int64_t before = ag::memory_stats().in_use;
  const lesson::Stopwatch time;
  nn::Adam adam(trained, {.lr = lr});
  Run run;
  for (int64_t step = 0; step < task.steps; ++step) {
    adam.zero_grad();
    const Tensor loss = task.loss(model, step);
    ag::backward(loss);
    nn::clip_grad_norm(adam.parameters(), 1);
    adam.step(nn::cosine_factor(step + 1, task.steps / 10, task.steps + 1));
    run.losses.push_back(loss.item());
  }
  const double ms = time.ms() / double(task.steps),
               mib = double(ag::memory_stats().peak - before) / (1 << 20);
  adam.zero_grad();
  run.unseen = task.unseen_loss(model);
  fmt::print("  {:<10} {:10} {:8.2f} {:9.2f} {:8.1f} {:7.3f} {:7.3f}\n", name, numbers,
             double(numbers * 3 * int64_t{sizeof(ag::real)}) / (1 << 20), mib, ms, run.losses.back(),
             run.unseen);
  return run;
}

void chapter(const lesson::Options& options) {
  lesson::heading("1. One layer");
  one_layer(options.seed);

  lesson::heading("2. A model that knows titles, before it reads a book");
  const bool tiny = options.llm == "tiny";
  const models::LanguageModel llm =
      lesson::language_model(options, p2rec::make_synthetic({.seed = options.seed}));
  Llama& model = *llm.model;
  const Ids ids = llm.tokenizer->encode(lesson::kAlice);
  const auto part = std::ssize(ids) * 4 / 5;
  Task task{.text{ids.begin(), ids.begin() + part},
            .unseen{ids.begin() + part, ids.end()},
            .steps = options.quick ? 20 : 200,
            .length = 64,
            .windows = 16,
            .seed = options.seed};
  if (!tiny) task.steps = options.quick ? 5 : 20, task.windows = 4;
  // The base, to begin each run from it and to see that no adapter has changed it.
  nn::NamedTensors base;
  for (const auto& [name, w] : model.named_parameters()) base.emplace_back(name, w.clone());
  const nn::Packed batch = nn::pack({Ids(ids.begin(), ids.begin() + 50)});
  const auto logits = [&] {
    const ag::NoGrad no_grad;
    return model.logits(model.hidden_states(batch));
  };
  const Tensor before = logits();
  const auto attach = [&](int64_t rank) {
    nn::attach_lora(model, {.rank = rank, .alpha = 2 * double(rank), .seed = options.seed});
  };
  attach(8);
  check(largest_difference(before, logits()) == 0,
        "adapters at all seven matrices: the same logits, bit for bit");
  int64_t adapters = 0, matrices = 0;
  nn::for_each_linear(model, [&](const std::string&, const nn::Linear& linear) {
    if (!linear.lora()) return;
    const int64_t out = linear.weight.dim(0), in = linear.weight.dim(1);
    adapters += 8 * (in + out), matrices += in * out;
  });
  const auto lora = nn::lora_parameters(model);
  fmt::print("  {} matrices with {} numbers; r (in + out) is {} numbers in {} adapters, {:.1f} %\n",
             lora.size() / 2, matrices, adapters, lora.size() / 2, 100 * double(adapters) / double(matrices));
  nn::detach_lora(model);

  lesson::heading("3. Learning the book: everything, or adapters of rank 1 and 8");
  // Adapters take a learning rate about ten times as large: a step of B moves W only through A.
  fmt::print("  {:<10} {:>10} {:>8} {:>9} {:>8} {:>7} {:>7}\n", "trained", "numbers", "Adam MiB", "peak MiB",
             "ms/step", "loss", "unseen");
  const double unread = task.unseen_loss(model), lr = tiny ? 1e-2 : 1e-3;
  fmt::print("  {:<10} {:10} {:8.2f} {:>9} {:>8} {:>7} {:7.3f}\n", "nothing", 0, 0.0, "", "", "", unread);
  model.requires_grad(true);
  const Run full = train("everything", model, task, lr / 10);
  model.load(base, "the base");
  attach(1);
  const Run thin = train("rank 1", model, task, lr);
  attach(8);
  const Run wide = train("rank 8", model, task, lr);
  check(std::max({full.unseen, thin.unseen, wide.unseen}) < unread,
        "all three read the book better than before");
  double moved = 0;
  for (size_t i = 0; const auto& [name, w] : model.named_parameters()) {
    const bool adapter = name.ends_with("lora_A.weight") || name.ends_with("lora_B.weight");
    if (!adapter) moved = std::max(moved, largest_difference(w, base[i++].second));
  }
  check(moved == 0, "only the adapters have moved: the base is what it was, bit for bit");
  lesson::lines(options, "losses", "The loss of each step", "step", "loss in nats",
                {{"everything", lesson::numbered(full.losses)},
                 {"rank 1", lesson::numbered(thin.losses)},
                 {"rank 8", lesson::numbered(wide.losses)}});

  lesson::heading("4. Merged");
  // W + s B A is a matrix like W: the adapted model costs nothing more to run. Kept apart, one base serves
  // many tasks, each a small file.
  const Tensor unmerged = logits();
  nn::merge_lora(model);
  nn::detach_lora(model);
  const Tensor merged = logits();
  const double size = largest_difference(unmerged, ag::zeros_like(unmerged));
  fmt::print("  largest logit {:.3f}; merged and not {:.1e} apart, before and after training {:.3f}\n", size,
             largest_difference(merged, unmerged), largest_difference(before, unmerged));
  check(largest_difference(merged, unmerged) < 1e-3 * size, "merged: the same logits");
  check(largest_difference(before, unmerged) > 1e-2 * size, "which are not those of the base");
  fmt::print(
      "\nNext: what should such an adapter learn about users? 14 finds groups of items, 15 their users.\n");
}

}  // namespace

int main(int argc, char** argv) { return lesson::run(argc, argv, {"--llm"}, chapter); }
