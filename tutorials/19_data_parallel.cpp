// 19 Data-parallel training: how do several processes train one model, and what does it cost them?
//
//   g = sum_r (M_r / M) g_r     M_r terms of the loss on rank r, M in the whole batch, g_r the mean gradient
//
// Each process, a rank, has all weights and a part of the batch. The ranks add up their gradients, and then
// all take the same step. So the weights stay equal, though no rank ever sends them.
//
// New: ranks, all-reduce, buckets, random numbers that do not depend on the split. Needs: 05.
// Takes a second. It also runs as one process, which plays the ranks one after the other; on two real ones by
//   $ mpirun -n 2 build/19_data_parallel
// Read beside it: autograd/communicator.h, autograd/gradient_sum.h, p2rec/training/loop.cpp.
#include <chrono>
#include <cmath>

#include "autograd/communicator.h"
#include "autograd/gradient_sum.h"
#include "autograd/ops.h"
#include "nn/layers.h"
#include "nn/optim.h"
#include "nn/packed.h"
#include "tutorials/figures.h"

namespace {

using ag::real, ag::Tensor;
using lesson::check;

constexpr int64_t kInputs = 8, kHidden = 64;
constexpr uint32_t kDropoutStream = ag::stream("lesson 19 dropout");

// x (N,8) -> (N,1), with dropout after the hidden layer.
struct Mlp : nn::Module {
  nn::Linear in, mid, out;

  explicit Mlp(uint64_t seed)
      : in(kInputs, kHidden, true), mid(kHidden, kHidden, true), out(kHidden, 1, true) {
    child("in", in);
    child("mid", mid);
    child("out", out);
    for (const auto& [name, w] : named_parameters()) {
      if (w.rank() == 2) nn::xavier_uniform_(w, nn::key_for(name, seed));
    }
  }
  Tensor operator()(const Tensor& x, const nn::DropoutContext& context) const {
    return out(nn::dropout(ag::tanh(mid(ag::tanh(in(x)))), 0.3, context, kDropoutStream));
  }
};

// --- 1. Two parts, one gradient

struct Batch {
  Tensor x, y;  // (N,8), (N,1)
  int64_t size() const { return x.dim(0); }
};
Batch some_batch(int64_t n, const std::string& name, uint64_t seed) {
  Batch batch{lesson::normal(name, {n, kInputs}, seed), Tensor::empty({n, 1})};
  for (int64_t i = 0; i < n; ++i) batch.y.data()[i] = std::sin(2 * batch.x.data()[i * kInputs]);
  return batch;
}

// Rows [begin, end) of the batch, times its share of the batch's mean loss. A dropped number is a function of
// the row's number in the whole batch: what a row loses does not depend on which rank computes it.
Tensor part_loss(const Mlp& net, const Batch& batch, int64_t begin, int64_t end, uint64_t seed,
                 uint32_t step) {
  std::vector<int32_t> rows;
  for (int64_t i = begin; i < end; ++i) rows.push_back(static_cast<int32_t>(i));
  const nn::DropoutContext context{seed, step, true, Tensor::from_ints(rows)};
  const Tensor mean = ag::mse(net(batch.x.rows(begin, end), context), batch.y.rows(begin, end));
  return ag::scale(mean, static_cast<double>(end - begin) / static_cast<double>(batch.size()));
}

// All gradients of a net, one after the other.
std::vector<real> gradients_of(const Mlp& net) {
  std::vector<real> all;
  for (const auto& [name, w] : net.named_parameters()) {
    const std::vector<real> values = w.grad().values();
    all.insert(all.end(), values.begin(), values.end());
    w.zero_grad();
  }
  return all;
}

// The largest difference in units of the largest number of `b`.
double apart(const std::vector<real>& a, const std::vector<real>& b) {
  double worst = 0, largest = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    worst = std::max(worst, std::abs(double(a[i]) - b[i]));
    largest = std::max(largest, std::abs(double(b[i])));
  }
  return worst / largest;
}

void two_parts(uint64_t seed) {
  const Batch batch = some_batch(64, "batch", seed);
  const Mlp net(seed);
  ag::backward(part_loss(net, batch, 0, 64, seed, 0));
  const std::vector<real> whole = gradients_of(net);
  // Parts of 48 and 16 rows, each with its share.
  for (const auto& [begin, end] : {std::pair{0, 48}, std::pair{48, 64}})
    ag::backward(part_loss(net, batch, begin, end, seed, 0));
  const double right = apart(gradients_of(net), whole);
  check(right < 1e-5,
        fmt::format("48 and 16 rows, each times its share: {:.1e} from the whole batch's", right));
  // The mean of the two means counts each of the 16 rows three times as much as each of the 48. So do an
  // average of losses per rank, and of gradients, whenever the ranks have different numbers of terms: at the
  // end of an epoch, and with sequences of different lengths in every step.
  for (const auto& [begin, end] : {std::pair{0, 48}, std::pair{48, 64}})
    ag::backward(ag::scale(part_loss(net, batch, begin, end, seed, 0), 64.0 / (2 * (end - begin))));
  const double wrong = apart(gradients_of(net), whole);
  check(wrong > 1e-3, fmt::format("the mean of the two means: {:.0f} % from it", 100 * wrong));
  // Rows numbered from zero on every rank draw other masks.
  ag::backward(part_loss(net, batch, 0, 48, seed, 0));
  const Batch last{batch.x.rows(48, 64).clone(), batch.y.rows(48, 64).clone()};
  ag::backward(ag::scale(part_loss(net, last, 0, 16, seed, 0), 16.0 / 64));
  const double masks = apart(gradients_of(net), whole);
  check(masks > 1e-3, fmt::format("with rows numbered from 0 on each rank: {:.0f} % from it", 100 * masks));
}

// --- 2. What an all-reduce costs

// Adds up n numbers of each of R ranks, and counts the numbers that rank 0 sends. In step s, rank r passes
// block r - s on to its neighbour, which adds it to its own: after R - 1 steps each rank has one complete
// block. In R - 1 more steps the complete blocks go round.
int64_t ring_all_reduce(std::vector<std::vector<real>>& x) {
  const auto R = std::ssize(x), n = std::ssize(x[0]);
  int64_t sent = 0;
  for (int64_t s = 0; s < 2 * (R - 1); ++s) {
    const std::vector<std::vector<real>> before = x;  // all ranks send at the same time
    for (int64_t r = 0; r < R; ++r) {
      const int64_t block = ((r - s) % R + R) % R, to = (r + 1) % R;
      for (int64_t i = n * block / R; i < n * (block + 1) / R; ++i) {
        const real number = before[static_cast<size_t>(r)][static_cast<size_t>(i)];
        real& own = x[static_cast<size_t>(to)][static_cast<size_t>(i)];
        own = s < R - 1 ? own + number : number;
        sent += r == 0;
      }
    }
  }
  return sent;
}

void cost(uint64_t seed) {
  const int64_t n = 840;  // which 2 to 8 divide
  fmt::print("  numbers that a rank sends, times n\n   ranks   all to all   by a ring\n");
  for (const int64_t R : {2, 3, 4, 8}) {
    std::vector<std::vector<real>> x;
    std::vector<real> sum(static_cast<size_t>(n));
    for (int64_t r = 0; r < R; ++r) {
      x.push_back(lesson::normal(fmt::format("rank {}", r), {n}, seed).values());
      for (size_t i = 0; i < sum.size(); ++i) sum[i] += x.back()[i];
    }
    const int64_t sent = ring_all_reduce(x);
    fmt::print("  {:6} {:12} {:11.2f}  {}\n", R, R - 1, double(sent) / double(n),
               lesson::bar(double(sent) / double(2 * n)));
    check(sent * R == 2 * (R - 1) * n && apart(x[0], sum) < 1e-5,
          "all have the sum, after 2 (R - 1) / R numbers each");
    check(std::ranges::all_of(x, [&](const auto& own) { return own == x[0]; }),
          "with the same bits: each block was added up once, on one rank");
  }
}

double seconds_of(const std::function<void()>& work, int times) {
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < times; ++i) work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count() / times;
}

void measured_cost(const ag::Communicator& ranks) {
  if (ranks.size() == 1) {
    fmt::print("  one process: nothing to measure; hint: mpirun -n 2 build/19_data_parallel\n");
    return;
  }
  // A small sum costs the latency of the network, a large one its bandwidth. So gradients travel in buckets.
  for (const int64_t n : {1, 1 << 10, 1 << 20}) {
    const Tensor x = Tensor::zeros({n});
    ranks.barrier();
    const double seconds = seconds_of([&] { ranks.all_reduce(x); }, 20);
    fmt::print("  {:9} numbers: {:8.0f} us, {:7.3f} GB/s\n", n, 1e6 * seconds,
               1e-9 * double(n * ag::size_of(x.dtype())) / seconds);
  }
}

// --- 3. Buckets

// backward completes gradients from the last layer to the first, and tells of each at once. What is complete
// can travel while the rest is computed.
void order_of_gradients(uint64_t seed) {
  const Batch batch = some_batch(256, "batch", seed);
  const Mlp net(seed);
  const nn::NamedTensors parameters = net.named_parameters();
  std::vector<std::string> order;
  ag::backward_with(part_loss(net, batch, 0, 256, seed, 0), [&](const Tensor& leaf) {
    for (const auto& [name, w] : parameters) {
      if (w.same_as(leaf)) order.push_back(name);
    }
  });
  fmt::print("  {}\n", fmt::join(order, ", "));
  check(
      order.size() == parameters.size() && order.front().starts_with("out") && order.back().starts_with("in"),
      "every gradient once, from the output to the input");
}

// --- 4. The same training

// Steps on batches of 10 rows, which no 3, 4 or 6 ranks share evenly. Returns all weights.
std::vector<real> train(const ag::Communicator& ranks, int steps, uint64_t seed) {
  const Mlp net(seed);
  nn::Adam adam(net.named_parameters(), {.lr = 1e-2});
  ag::GradientSum gradients(adam.parameters(), ranks);
  for (int t = 0; t < steps; ++t) {
    const Batch batch = some_batch(10, fmt::format("batch {}", t), seed);
    adam.zero_grad();
    const int64_t begin = ranks.begin(10), end = ranks.end(10);
    if (begin < end) {  // with more than ten ranks some have no row
      ag::backward_with(part_loss(net, batch, begin, end, seed, static_cast<uint32_t>(t)),
                        [&](const Tensor& leaf) { gradients.add(leaf); });
    }
    gradients.finish();
    adam.step();
  }
  std::vector<real> weights;
  for (const auto& [name, w] : net.named_parameters()) {
    const std::vector<real> values = w.values();
    weights.insert(weights.end(), values.begin(), values.end());
  }
  return weights;
}

void chapter(const lesson::Options& options) {
  const ag::Communicator& ranks = ag::Communicator::world();
  lesson::heading("1. Two parts, one gradient: how far from the whole batch's");
  two_parts(options.seed);

  lesson::heading("2. What an all-reduce costs");
  cost(options.seed);
  measured_cost(ranks);

  lesson::heading("3. The gradients in the order in which they are complete");
  order_of_gradients(options.seed);

  const int steps = options.quick ? 20 : 200;
  lesson::heading(fmt::format("4. The same training on {} rank{}: {} steps with dropout", ranks.size(),
                              ranks.size() == 1 ? ", so with itself" : "s and on one", steps));
  const std::vector<real> alone = train({}, steps, options.seed), shared = train(ranks, steps, options.seed);
  const Tensor first = Tensor::from({std::ssize(shared)}, {shared.begin(), shared.end()});
  ranks.broadcast(first);
  check(first.values() == shared, "every rank has the bits of rank 0");
  // Adam divides by the gradients' size, so a rounding of a gradient near zero grows from step to step.
  const double off = apart(shared, alone);
  check(off < 1e-2, fmt::format("{:.1e} from the weights of one process", off));
  fmt::print("\nThis is the last chapter. p2rec/README.md says how the program runs on several machines.\n");
}

}  // namespace

int main(int argc, char** argv) {
  if (!ag::Communicator::world().is_first()) std::freopen("/dev/null", "w", stdout);  // rank 0 prints
  const int code = lesson::run(argc, argv, {}, chapter);
  if (code) ag::Communicator::abort(code);
  ag::Communicator::leave();
  return code;
}
