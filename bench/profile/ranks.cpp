// What data-parallel steps cost: time, bytes, and the share of the communication that backward hides.
//
//   mpirun -n 2 build/bench/ranks [STEPS]
//
// The batch has the same size on any number of ranks. Three kinds of steps take turns: with the sum of the
// gradients in buckets while backward runs, with the same sum after backward, and without a sum. What the
// second takes longer than the third is the communication; what the first takes longer is the part that is
// not hidden.
#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "autograd/gradient_sum.h"
#include "autograd/parallel.h"
#include "autograd/profile.h"
#include "bench/profile/lora_step.h"
#include "models/recommenders/sasrec.h"

namespace {

using ag::Tensor;

using Step = std::function<void(const ag::LeafDone& done, const std::function<void()>& finish)>;

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

void measure(const char* name, const std::vector<Tensor>& parameters, const Step& step, int steps) {
  const ag::Communicator& ranks = ag::Communicator::world();
  ag::GradientSum gradients(parameters, ranks);
  int64_t numbers = 0;
  for (const Tensor& parameter : parameters) numbers += parameter.numel() + 1;
  const ag::LeafDone add = [&](const Tensor&leaf) { gradients.add(leaf); }, ignore = [](const Tensor&) {};
  const std::function<void()> finish = [&] { gradients.finish(); }, nothing = [] {};
  std::vector<double> seconds[3];
  for (int i = 0; i <= steps; ++i) {
    for (const int kind : {0, 1, 2}) {
      ranks.barrier();
      const double begin = ag::thread_seconds();
      step(kind == 0 ? add : ignore, kind == 2 ? nothing : finish);
      ranks.barrier();  // a step ends with the slowest rank
      if (i > 0) seconds[kind].push_back(ag::thread_seconds() - begin);
    }
  }
  const double hidden = median(seconds[0]), after = median(seconds[1]), without = median(seconds[2]);
  if (!ranks.is_first()) return;
  std::printf("%-22s %6ld %8.3f %9.1f %9.1f %9.1f %7.0f%%\n", name, ranks.size(),
              1e-6 * static_cast<double>(numbers) * sizeof(ag::real), 1e3 * hidden, 1e3 * after,
              1e3 * without, 100 * (after - hidden) / std::max(after - without, 1e-9));
}

void lora(int64_t sequences, int64_t length, int steps) {
  const ag::Communicator& ranks = ag::Communicator::world();
  const auto own = static_cast<size_t>(ranks.end(sequences) - ranks.begin(sequences));
  const nn::Packed batch = bench::random_prompts(std::vector<int64_t>(own, length));
  bench::LoraStep step;
  const std::string name = "LoRA " + std::to_string(sequences) + " x " + std::to_string(length);
  measure(
      name.c_str(), step.parameters(),
      [&](const auto& done, const auto& finish) { step.run(batch, done, finish); }, steps);
}

// The step of bench/model_bench.cpp.
void sasrec(int64_t windows, int64_t length, int64_t items, int steps) {
  const ag::Communicator& ranks = ag::Communicator::world();
  models::SasrecConfig config;
  config.items = items;
  models::Sasrec model(config, 1);
  nn::Adam adam(model.named_parameters(), {.decoupled = false});
  const int64_t own = ranks.end(windows) - ranks.begin(windows);
  models::SequenceBatch batch{
      model.pack(bench::random_sequences(own, length, static_cast<int32_t>(items))), {}, {}, {}, {}};
  batch.targets = batch.input.ids;
  batch.input.dropout = {1, 0, true};
  const std::string name = "SASRec " + std::to_string(items) + " items";
  measure(
      name.c_str(), adam.parameters(),
      [&](const auto& done, const auto& finish) {
        adam.zero_grad();
        ag::backward_with(model.loss(batch, {}), done);
        finish();
        adam.step();
      },
      steps);
}

}  // namespace

int main(int argc, char** argv) {
  const int steps = argc > 1 ? std::atoi(argv[1]) : 10;
  if (ag::Communicator::world().is_first()) {
    std::printf("%d threads per rank; medians of %d steps\n", ag::thread_count(), steps);
    std::printf("%-22s %6s %8s %9s %9s %9s %8s\n", "step", "ranks", "MB", "ms", "ms after", "ms no sum",
                "hidden");
  }
  lora(16, 50, steps);
  lora(4, 256, steps);
  sasrec(128, 50, 1682, steps);
  sasrec(128, 50, 12101, steps);
  ag::Communicator::leave();
}
