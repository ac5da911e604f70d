// 05 Modules and optimizers: what turns gradients into a trained model, and what goes wrong on the way?
//
//   SGD       w = w - lr g
//   momentum  v = mu v + g,                                        w = w - lr v
//   Adam      m = b1 m + (1 - b1) g,  v = b2 v + (1 - b2) g^2,     w = w - lr m' / (sqrt(v') + eps)
//   AdamW     the same after                                       w = w - lr decay w
//             with m' = m / (1 - b1^t), v' = v / (1 - b2^t), since m and v begin at zero
//
// New: Module, parameters by name, optimisers and their state, overfitting, checkpoints. Needs: 02.
// Takes less than a second.
// Read beside it: nn/module.h, nn/optim.h, autograd/rng.h.
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <functional>

#include "autograd/ops.h"
#include "nn/init.h"
#include "nn/layers.h"
#include "nn/optim.h"
#include "tutorials/lesson.h"

namespace {

using ag::real, ag::Tensor;
using lesson::check;

// --- 1. A model is a tree of modules whose leaves are named tensors

// x (N,1) -> (N,1) through two hidden layers. child() registers a part under a name; that is all it takes to
// be listed, saved, loaded and optimised.
class Mlp : public nn::Module {
 public:
  Mlp(int64_t hidden, uint64_t seed)
      : in_(1, hidden, true), mid_(hidden, hidden, true), out_(hidden, 1, true) {
    child("in", in_);
    child("mid", mid_);
    child("out", out_);
    // Each parameter is a function of its name and the seed, not of a generator's state: adding a layer
    // leaves the others' first values as they are.
    for (const auto& [name, w] : named_parameters()) {
      if (w.rank() == 2) nn::xavier_uniform_(w, nn::key_for(name, seed));
      if (name == "in.bias") nn::uniform_(w, 2, nn::key_for(name, seed));
    }
  }
  Tensor operator()(const Tensor& x) const { return out_(ag::tanh(mid_(ag::tanh(in_(x))))); }

 private:
  nn::Linear in_, mid_, out_;
};

// n points of a wave with noise.
struct Data {
  Tensor x, y;  // (n,1)
};
Data noisy_wave(int64_t n, const std::string& name, uint64_t seed) {
  Data data{Tensor::empty({n, 1}), Tensor::empty({n, 1})};
  for (int64_t i = 0; i < n; ++i) {
    const auto e = static_cast<uint64_t>(i);
    const double x = 6 * ag::random_uniform(nn::key_for(name, seed), e) - 3;
    data.x.data()[i] = static_cast<real>(x);
    data.y.data()[i] =
        static_cast<real>(std::sin(2 * x) + 0.4 * ag::random_normal(nn::key_for(name + " noise", seed), e));
  }
  return data;
}

// The largest difference of two nets' parameters; 0: the same bits.
double apart(const Mlp& a, const Mlp& b) {
  const nn::NamedTensors x = a.named_parameters(), y = b.named_parameters();
  double worst = 0;
  for (size_t i = 0; i < x.size(); ++i)
    worst = std::max(worst, lesson::largest_difference(x[i].second, y[i].second));
  return worst;
}

// --- 2. Optimisers: g and w are numbers of one parameter; `state` is what the optimiser keeps for it

using State = std::vector<double>;
using Step = std::function<double(double w, double g, int t, State& state)>;  // the new w

Step sgd(double lr) {
  return [=](double w, double g, int, State&) { return w - lr * g; };
}
Step momentum(double lr) {
  return [=](double w, double g, int, State& v) { return w - lr * (v[0] = 0.9 * v[0] + g); };
}
Step adamw(double lr, double decay) {
  return [=](double w, double g, int t, State& s) {
    s[0] = 0.9 * s[0] + 0.1 * g;
    s[1] = 0.999 * s[1] + 0.001 * g * g;
    const double m = s[0] / (1 - std::pow(0.9, t)), v = s[1] / (1 - std::pow(0.999, t));
    return w * (1 - lr * decay) - lr * m / (std::sqrt(v) + 1e-8);
  };
}

// Trains a net with a step of our own; returns the last loss.
double train_with(const Step& step, const Mlp& net, const Data& data, int steps) {
  std::vector<State> states;
  for (int t = 1; t <= steps; ++t) {
    ag::backward(ag::mse(net(data.x), data.y));
    size_t at = 0;
    for (const auto& [name, w] : net.named_parameters()) {
      for (int64_t i = 0; i < w.numel(); ++i, ++at) {
        if (t == 1) states.push_back({0, 0});
        w.data()[i] = static_cast<real>(step(w.data()[i], w.grad().data()[i], t, states[at]));
      }
      w.zero_grad();
    }
  }
  return ag::mse(net(data.x), data.y).item();
}

// --- 3. Forgetting zero_grad

// Gradients add up. So without zero_grad a step uses the sum of all gradients since the first: w'' = -lr w, a
// pendulum without friction, which swings for ever. Returns w after each step on the loss w^2 / 2.
std::vector<double> descend(bool zero_grad, int steps) {
  const Tensor w = Tensor::from({}, {1}).set_requires_grad();
  std::vector<double> path;
  for (int t = 0; t < steps; ++t) {
    path.push_back(w.item());
    ag::backward(ag::scale(ag::mul(w, w), 0.5));
    w.data()[0] -= real(0.2) * w.grad().item();
    if (zero_grad) w.zero_grad();
  }
  return path;
}

std::string dot_at(double w) {  // a line with a point at w in [-1.2, 1.2]
  std::string line(25, ' ');
  line[12] = '|';
  line[static_cast<size_t>(std::lround(12 + 10 * std::clamp(w, -1.2, 1.2)))] = 'o';
  return line;
}

// --- 4. Overfitting

struct Curve {
  double train, best_validation = INFINITY, last_validation;
};
Curve fit(int64_t hidden, double decay, int steps, uint64_t seed) {
  const Data train = noisy_wave(20, "train", seed), validation = noisy_wave(500, "validation", seed);
  const Mlp net(hidden, seed);
  nn::Adam adam(net.named_parameters(), {.lr = 1e-2, .weight_decay = decay});
  Curve curve{};
  for (int t = 0; t <= steps; ++t) {
    const Tensor loss = ag::mse(net(train.x), train.y);
    if (t % 50 == 0) {
      const ag::NoGrad no_grad;
      curve.last_validation = ag::mse(net(validation.x), validation.y).item();
      curve.best_validation = std::min(curve.best_validation, curve.last_validation);
      curve.train = loss.item();
    }
    adam.zero_grad();
    ag::backward(loss);
    adam.step();
  }
  return curve;
}

// --- 5. Save and resume

// Steps [begin, end) on batches of 8. Which points a step sees depends on the seed and the step's number
// only, so a resumed run draws what the unbroken one would have drawn.
void train_steps(const Mlp& net, nn::Adam& adam, const Data& data, int begin, int end, uint64_t seed) {
  for (int t = begin; t < end; ++t) {
    std::vector<int32_t> chosen;
    const ag::RandomKey key{seed, static_cast<uint32_t>(t), ag::stream("lesson 05 batch")};
    for (uint64_t i = 0; i < 8; ++i)
      chosen.push_back(static_cast<int32_t>(ag::random_below(key, i, static_cast<uint32_t>(data.x.dim(0)))));
    const Tensor rows = Tensor::from_ints(chosen);
    adam.zero_grad();
    ag::backward(ag::mse(net(ag::embedding(data.x, rows)), ag::embedding(data.y, rows)));
    adam.step();
  }
}

void chapter(const lesson::Options& options) {
  const uint64_t seed = options.seed;
  lesson::heading("1. A model lists itself");
  const Mlp listed(16, seed);
  for (const auto& [name, w] : listed.named_parameters())
    fmt::print("  {:<11} {}\n", name, ag::message(w.shape()));
  check(listed.parameter_count() == 16 + 16 + 16 * 16 + 16 + 16 + 1, "every number is counted once");

  const int steps = options.quick ? 100 : 300;
  lesson::heading(fmt::format("2. From SGD to AdamW: the same net after {} steps", steps));
  // One learning rate for all parameters is SGD's trouble: the steepest one says how large it may be, and the
  // flat ones crawl. Adam divides each step by the gradient's usual size, so every parameter moves by about
  // lr.
  const Data data = noisy_wave(64, "points", seed);
  std::vector<double> losses;
  for (const auto& [name, step] :
       std::vector<std::pair<const char*, Step>>{{"SGD, lr 0.05", sgd(0.05)},
                                                 {"momentum, lr 0.05", momentum(0.05)},
                                                 {"AdamW, lr 0.01", adamw(0.01, 0)}}) {
    losses.push_back(train_with(step, Mlp(16, seed), data, steps));
    fmt::print("  {:<18} loss {:.4f}  {}\n", name, losses.back(), lesson::bar(losses.back()));
  }
  const double before = ag::mse(Mlp(16, seed)(data.x), data.y).item();
  check(*std::ranges::max_element(losses) < before,
        fmt::format("each is below the {:.4f} of the start", before));

  // nn::Adam is the last of the three, on whole tensors in one kernel.
  const Mlp ours(16, seed), library(16, seed);
  train_with(adamw(0.01, 0.1), ours, data, 10);
  nn::Adam adam(library.named_parameters(), {.lr = 0.01, .weight_decay = 0.1});
  for (int t = 0; t < 10; ++t) {
    adam.zero_grad();
    ag::backward(ag::mse(library(data.x), data.y));
    adam.step();
  }
  check(
      apart(ours, library) < 1e-3,
      fmt::format("nn::Adam walks the same way: {:.1e} apart after 10 steps of 0.01", apart(ours, library)));

  lesson::heading("3. Forgetting zero_grad: the loss w^2 / 2, 40 steps, every second shown");
  const std::vector<double> good = descend(true, 40), forgot = descend(false, 40);
  fmt::print("  {:^25}    {:^25}\n", "with zero_grad", "without");
  for (size_t t = 0; t < 40; t += 2) fmt::print("  {}    {}\n", dot_at(good[t]), dot_at(forgot[t]));
  const double swing = *std::max_element(forgot.end() - 20, forgot.end());
  check(std::abs(good.back()) < 0.01, "with it, w goes to the minimum");
  check(swing > 0.5, "without it, w still swings at the end as it did at the start");

  lesson::heading("4. Overfitting: 20 noisy points, 500 others for validation");
  // With noise of 0.4 no function can have a validation loss below 0.16. A training loss below that is the
  // noise, learned by heart. `best` is what early stopping would have kept.
  fmt::print("  {:<30} {:>6} {:>15} {:>9}\n", "", "train", "validation best", "at last");
  const int long_run = options.quick ? 1500 : 4000;
  std::vector<Curve> curves;
  for (const auto& [name, hidden, decay] : std::vector<std::tuple<const char*, int64_t, double>>{
           {"4 units", 4, 0}, {"64 units", 64, 0}, {"64 units, weight decay 1", 64, 1}}) {
    const Curve c = curves.emplace_back(fit(hidden, decay, long_run, seed));
    fmt::print("  {:<30} {:6.3f} {:15.3f} {:9.3f}\n", name, c.train, c.best_validation, c.last_validation);
  }
  check(curves[1].train < curves[0].train, "more units fit the training points better");
  check(curves[1].last_validation > curves[1].best_validation, "and the validation loss rises again");

  lesson::heading("5. Save and resume: 60 steps at once, and 30 and 30");
  Mlp unbroken(16, seed), first(16, seed), resumed(16, seed + 1), weights_only(16, seed + 1);
  const auto adam_of = [](const Mlp& net) { return nn::Adam(net.named_parameters(), {.lr = 0.01}); };
  nn::Adam adam_unbroken = adam_of(unbroken), adam_first = adam_of(first), adam_resumed = adam_of(resumed),
           adam_new = adam_of(weights_only);
  train_steps(unbroken, adam_unbroken, data, 0, 60, seed);
  train_steps(first, adam_first, data, 0, 30, seed);
  // The state is weights, both moments and the step's number. It belongs in one file, written under a
  // temporary name and renamed: a run that dies while it saves leaves the file before, whole.
  const std::filesystem::path file =
      std::filesystem::temp_directory_path() / fmt::format("lesson_05_{}.safetensors", getpid());
  nn::write_safetensors(file, adam_first.state());
  adam_resumed.load_state(nn::read_safetensors(file));
  std::filesystem::remove(file);
  train_steps(resumed, adam_resumed, data, 30, 60, seed);
  check(apart(unbroken, resumed) == 0, "resumed from weights, moments and step number: the same bits");
  weights_only.load(first.named_parameters(), "the first run");
  train_steps(weights_only, adam_new, data, 30, 60, seed);
  check(apart(unbroken, weights_only) > 0, "from weights only: another model, since Adam began anew");
  fmt::print("\nNext: what such a model is to do here is rank items. 06 shows how rankings are measured.\n");
}

}  // namespace

int main(int argc, char** argv) { return lesson::run(argc, argv, {}, chapter); }
