// 05 Modules and optimizers: what turns gradients into a trained model, and what goes wrong on the way?
//
//   SGD       w = w - lr g
//   momentum  v = mu v + g,                                        w = w - lr v
//   Adam      m = b1 m + (1 - b1) g,  v = b2 v + (1 - b2) g^2,     w = w - lr m' / (sqrt(v') + eps)
//   AdamW     the same after                                       w = w - lr decay w
//             with m' = m / (1 - b1^t), v' = v / (1 - b2^t), since m and v begin at zero
//             mu = b1 = 0.9, b2 = 0.999, eps = 1e-8; g is the gradient, lr the learning rate, t the step
//
// New: Module, parameters by name, optimisers and their state, overfitting, checkpoints. Needs: 02.
// Takes less than a second.
// Read beside it: nn/module.h, nn/optim.h, autograd/rng.h.
#include <cmath>

#include "autograd/ops.h"
#include "nn/init.h"
#include "nn/layers.h"
#include "nn/optim.h"
#include "tutorials/figures.h"

namespace {

using ag::real, ag::Tensor;
using lesson::check, lesson::largest_difference;

// --- 1. A model is a tree of modules whose leaves are named tensors

// x (N,1) -> (N,1) through two hidden layers. child() registers a part under a name; that is all it takes to
// be listed, saved, loaded and optimised.
struct Mlp : nn::Module {
  nn::Linear in, mid, out;

  Mlp(int64_t hidden, uint64_t seed) : in(1, hidden, true), mid(hidden, hidden, true), out(hidden, 1, true) {
    child("in", in);
    child("mid", mid);
    child("out", out);
    // Each parameter is a function of its name and the seed, not of a generator's state: adding a layer
    // leaves the others' first values as they are.
    for (const auto& [name, w] : named_parameters()) {
      if (w.rank() == 2) nn::xavier_uniform_(w, nn::key_for(name, seed));
      if (name == "in.bias") nn::uniform_(w, 2, nn::key_for(name, seed));
    }
  }
  Tensor operator()(const Tensor& x) const { return out(ag::tanh(mid(ag::tanh(in(x))))); }
};

// n points of a wave with noise.
struct Data {
  Tensor x, y;  // (n,1)
};
Data noisy_wave(int64_t n, const std::string& name, uint64_t seed) {
  const Data data{Tensor::empty({n, 1}), lesson::normal(name + " noise", {n, 1}, seed, 0.4)};
  nn::uniform_(data.x, 3, nn::key_for(name, seed));
  for (int64_t i = 0; i < n; ++i) data.y.data()[i] += std::sin(2 * data.x.data()[i]);
  return data;
}
Tensor loss_of(const Mlp& net, const Data& data) { return ag::mse(net(data.x), data.y); }

// --- 2. Optimisers: g is the gradient of the number w at step t = 1, 2, ...; returns the new w

struct State {  // what an optimiser keeps for each number
  double m = 0, v = 0;
};
using Step = double (*)(double w, double g, int t, State& state, double lr);

double sgd(double w, double g, int, State&, double lr) { return w - lr * g; }
double momentum(double w, double g, int, State& s, double lr) { return w - lr * (s.v = 0.9 * s.v + g); }
constexpr double kDecay = 0.1;
double adamw(double w, double g, int t, State& s, double lr) {
  s.m = 0.9 * s.m + 0.1 * g;
  s.v = 0.999 * s.v + 0.001 * g * g;
  const double m = s.m / (1 - std::pow(0.9, t)), v = s.v / (1 - std::pow(0.999, t));
  return w * (1 - lr * kDecay) - lr * m / (std::sqrt(v) + 1e-8);
}

// Trains a net with a step of our own; returns the loss before each step, and the last.
std::vector<double> train_with(Step step, double lr, const Mlp& net, const Data& data, int steps) {
  std::vector<State> states(static_cast<size_t>(net.parameter_count()));
  std::vector<double> losses;
  for (int t = 1; t <= steps; ++t) {
    const Tensor loss = loss_of(net, data);
    losses.push_back(loss.item());
    ag::backward(loss);
    auto state = states.begin();
    for (const auto& [name, w] : net.named_parameters()) {
      for (int64_t i = 0; i < w.numel(); ++i)
        w.data()[i] = static_cast<real>(step(w.data()[i], w.grad().data()[i], t, *state++, lr));
      w.zero_grad();
    }
  }
  losses.push_back(loss_of(net, data).item());
  return losses;
}

// A step of the library's optimiser, in the order that every training loop has.
void take_step(nn::Adam& adam, const Tensor& loss) {
  adam.zero_grad();
  ag::backward(loss);
  adam.step();
}

// --- 4. Overfitting

struct Losses {
  p2rec::Points train, validation;  // by step
};
Losses fit(const char* name, int64_t hidden, double decay, int steps, uint64_t seed) {
  const Data train = noisy_wave(20, "train", seed), validation = noisy_wave(500, "validation", seed);
  const Mlp net(hidden, seed);
  nn::Adam adam(net.named_parameters(), {.lr = 1e-2, .weight_decay = decay});
  Losses losses;
  for (int t = 0; t <= steps; ++t) {
    if (t % 50 == 0) {
      const ag::NoGrad no_grad;
      losses.train.emplace_back(t, loss_of(net, train).item());
      losses.validation.emplace_back(t, loss_of(net, validation).item());
    }
    take_step(adam, loss_of(net, train));
  }
  // Early stopping would have kept the weights of the best validation loss.
  const auto best = std::ranges::min_element(losses.validation, {}, &std::pair<double, double>::second);
  fmt::print("  {:<30} {:6.3f} {:15.3f} {:9.3f}\n", name, losses.train.back().second, best->second,
             losses.validation.back().second);
  return losses;
}

// --- 5. Save and resume

// Steps [begin, end) on batches of 8. Which points a step sees depends on the seed and the step's number
// only, so a resumed run draws what the unbroken one would have drawn.
void train_steps(const Mlp& net, nn::Adam& adam, const Data& data, int begin, int end, uint64_t seed) {
  for (int t = begin; t < end; ++t) {
    const ag::RandomKey key{seed, static_cast<uint32_t>(t), ag::stream("lesson 05 batch")};
    const auto order = ag::random_permutation(key, static_cast<int32_t>(data.x.dim(0)));
    const Tensor rows = Tensor::from_ints({order.begin(), order.begin() + 8});
    take_step(adam, loss_of(net, {ag::embedding(data.x, rows), ag::embedding(data.y, rows)}));
  }
}

void chapter(const lesson::Options& options) {
  const uint64_t seed = options.seed;
  lesson::heading("1. A model lists itself");
  const int64_t H = 16;
  const Mlp listed(H, seed);
  for (const auto& [name, w] : listed.named_parameters())
    fmt::print("  {:<11} {}\n", name, ag::message(w.shape()));
  check(listed.parameter_count() == H + H + H * H + H + H + 1, "every number is counted once");

  const int steps = options.quick ? 100 : 300;
  lesson::heading(
      fmt::format("2. From SGD to AdamW: the loss of the same net after {} steps, below that before", steps));
  // SGD has one learning rate: the steepest parameter limits it, and the flat ones move slowly. Adam divides
  // each step by the gradient's usual size, so every parameter moves by about lr.
  const Data data = noisy_wave(64, "points", seed);
  std::vector<lesson::Series> curves;
  const auto compare = [&](const char* name, Step step, double lr) {
    const std::vector<double> losses = train_with(step, lr, Mlp(16, seed), data, steps);
    curves.push_back({name, lesson::numbered(losses, 0)});
    const double before = losses.front(), loss = losses.back();
    check(loss < before, fmt::format("{:<18} {:.4f} < {:.4f}  {}", name, loss, before, lesson::bar(loss)));
  };
  compare("SGD, lr 0.05", sgd, 0.05);
  compare("momentum, lr 0.05", momentum, 0.05);
  compare("AdamW, lr 0.01", adamw, 0.01);
  lesson::lines(options, "optimizers", "The same net with three optimizers", "step", "loss", curves);

  // nn::Adam is the last of the three, on whole tensors in one kernel.
  const Mlp ours(16, seed), library(16, seed);
  train_with(adamw, 0.01, ours, data, 10);
  nn::Adam adam(library.named_parameters(), {.lr = 0.01, .weight_decay = kDecay});
  for (int t = 0; t < 10; ++t) take_step(adam, loss_of(library, data));
  const double off = largest_difference(ours.named_parameters(), library.named_parameters());
  check(off < 1e-3, fmt::format("nn::Adam walks the same way: {:.1e} apart after 10 steps of 0.01", off));

  lesson::heading("3. Forgetting zero_grad: w on the loss w^2 / 2, every fourth of 40 steps");
  // Gradients add up. So without zero_grad a step uses the sum of all gradients since the first: w'' = -lr w,
  // a pendulum without friction, which swings for ever.
  for (const bool zero_grad : {true, false}) {
    const Tensor w = Tensor::from({}, {1}).set_requires_grad();
    double late = 0;  // the largest |w| in the second half
    fmt::print("  {:<15}", zero_grad ? "with zero_grad" : "without");
    for (int t = 0; t < 40; ++t) {
      if (t % 4 == 0) fmt::print("{:6.2f}", w.item());
      if (t >= 20) late = std::max(late, std::abs(double(w.item())));
      ag::backward(ag::scale(ag::mul(w, w), 0.5));
      w.data()[0] -= real(0.2) * w.grad().item();
      if (zero_grad) w.zero_grad();
    }
    fmt::print("\n");
    if (zero_grad) check(late < 0.05, "with it, w goes to the minimum");
    if (!zero_grad) check(late > 0.5, "without it, w swings as at the start");
  }

  lesson::heading("4. Overfitting: mean squared errors on 20 noisy points, and on 500 others for validation");
  // With noise of 0.4 no function can have a validation loss below 0.16. A training loss below that is the
  // noise, learned by heart.
  fmt::print("  {:<30} {:>6} {:>15} {:>9}\n", "", "train", "validation best", "at last");
  const int long_run = options.quick ? 1500 : 4000;
  const Losses small = fit("4 units", 4, 0, long_run, seed), large = fit("64 units", 64, 0, long_run, seed);
  fit("64 units, weight decay 1", 64, 1, long_run, seed);
  lesson::lines(options, "overfitting", "64 units learn the noise of 20 points", "step", "loss",
                {{"training", large.train}, {"validation", large.validation}});
  const double learned = large.train.back().second;
  check(learned < small.train.back().second, "more units fit the training points better");
  // Without noise the validation loss would hardly rise again.
  check(large.validation.back().second > learned,
        "with 64 units the validation loss is above the training loss");

  lesson::heading("5. Save and resume: 60 steps at once, and 30 and 30");
  const auto adam_of = [](const Mlp& net) { return nn::Adam(net.named_parameters(), {.lr = 0.01}); };
  const Mlp unbroken(16, seed);
  nn::Adam first = adam_of(unbroken);
  train_steps(unbroken, first, data, 0, 30, seed);
  // The state is weights, both moments and the step's number. It belongs in one file, written under a
  // temporary name and renamed: a run that dies while it saves leaves the file before, whole.
  const nn::Path file = lesson::temporary_path("05.safetensors");
  nn::write_safetensors(file, first.state());
  train_steps(unbroken, first, data, 30, 60, seed);
  const auto apart_after_resuming = [&](bool with_moments) {
    const Mlp net(16, seed + 1);
    nn::Adam second = adam_of(net);
    second.load_state(nn::read_safetensors(file));
    if (!with_moments) second = adam_of(net);
    train_steps(net, second, data, 30, 60, seed);
    return largest_difference(unbroken.named_parameters(), net.named_parameters());
  };
  check(apart_after_resuming(true) == 0, "from weights, moments and the step's number: the same bits");
  check(apart_after_resuming(false) > 0, "from weights only: another model, since Adam began anew");
  std::filesystem::remove(file);
  fmt::print("\nNext: what such a model is to do here is rank items. 06 shows how rankings are measured.\n");
}

}  // namespace

int main(int argc, char** argv) { return lesson::run(argc, argv, {}, chapter); }
