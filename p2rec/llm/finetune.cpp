#include "p2rec/llm/finetune.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "nn/init.h"
#include "p2rec/training/measured_memory.h"

namespace p2rec {
namespace {

using ag::Tensor;

constexpr uint32_t kExampleOrderStream = ag::stream("user order");
constexpr double kWarmupShare = 0.1;
constexpr int64_t kFirstSteps = 20;
constexpr int64_t kMeasuredTokens = 128;  // enough to measure the memory of a token, and fast

// Attaches LoRA and returns an optimiser for its matrices and finetuning.trained.
nn::Adam make_optimiser(models::Llama& llm, const FinetuneConfig& config, const Finetuning& finetuning) {
  nn::LoraConfig lora = config.lora;
  lora.seed = config.seed;
  nn::attach_lora(llm, lora);
  std::vector<nn::Adam::Group> groups = {{nn::lora_parameters(llm), config.lr}};
  groups.insert(groups.end(), finetuning.trained.begin(), finetuning.trained.end());
  return {groups, {.weight_decay = 0}};
}

// The examples of a step. Their order depends only on the seed and the epoch.
std::vector<int64_t> examples_of(int64_t step, int64_t steps_per_epoch, const std::vector<int64_t>& examples,
                                 const FinetuneConfig& config) {
  const auto epoch = static_cast<uint32_t>(step / steps_per_epoch);
  const auto order = ag::random_permutation({config.seed, epoch, kExampleOrderStream},
                                            static_cast<int32_t>(examples.size()));
  const int64_t begin = step % steps_per_epoch * config.batch;
  std::vector<int64_t> chosen;
  for (int64_t i = begin; i < std::min(begin + config.batch, std::ssize(order)); ++i)
    chosen.push_back(examples[static_cast<size_t>(order[static_cast<size_t>(i)])]);
  return chosen;
}

// The mean over all held-out examples.
double heldout_loss(const FinetuneConfig& config, const Finetuning& finetuning) {
  const ag::NoGrad no_grad;
  std::span<const int64_t> rest = finetuning.heldout;
  double sum = 0, terms = 0;
  while (!rest.empty()) {
    const size_t count = std::min(rest.size(), static_cast<size_t>(config.batch));
    const PartLoss loss = finetuning.heldout_loss ? finetuning.heldout_loss(rest.first(count))
                                                  : finetuning.loss(rest.first(count), {}, {});
    sum += loss.mean.item() * static_cast<double>(loss.terms);
    terms += static_cast<double>(loss.terms);
    rest = rest.subspan(count);
  }
  return sum / terms;
}

}  // namespace

void describe(FinetuneConfig& config, const nn::Visit& visit) {
  visit({"lora-rank", "rank of the LoRA matrices", nn::between(1, 4096)}, &config.lora.rank);
  visit({"lora-alpha", "LoRA's output is scaled by alpha / rank", nn::kPositive}, &config.lora.alpha);
  visit({"lora-dropout", "dropout on LoRA's input", nn::kShare}, &config.lora.dropout);
  visit({"sft-lr", "learning rate of fine-tuning, for LoRA and heads", nn::kPositive}, &config.lr);
  visit({"sft-batch", "examples per fine-tuning step", nn::at_least(1)}, &config.batch);
  visit({"sft-batch-parts", "run the examples of a fine-tuning step in N parts to save memory",
         nn::at_least(1)},
        &config.batch_parts);
  visit({"sft-epochs", "epochs of fine-tuning", nn::at_least(1)}, &config.epochs);
}

FinetuneLosses finetune(models::Llama& llm, const FinetuneConfig& config, const Finetuning& finetuning,
                        const Task& task) {
  nn::Adam adam = make_optimiser(llm, config, finetuning);
  const int64_t examples = std::ssize(finetuning.examples),
                steps_per_epoch = (examples + config.batch - 1) / config.batch,
                total = steps_per_epoch * config.epochs;
  double heldout = std::numeric_limits<double>::quiet_NaN();  // after the last finished epoch
  Loop loop{
      .adam = adam,
      .steps_per_epoch = steps_per_epoch,
      .epochs = config.epochs,
      .parts = config.batch_parts,
      .lr = config.lr,
      .clip = config.clip,
      .loss_scale = finetuning.loss_scale,
      .loss =
          [&](int64_t step, const BatchPart& part) {
            const auto batch = examples_of(step, steps_per_epoch, finetuning.examples, config);
            if (part.of(std::span(batch)).empty()) return PartLoss{};
            return finetuning.loss(batch, part, {config.seed, static_cast<uint32_t>(step), true});
          },
      .schedule = cosine_schedule(static_cast<int64_t>(kWarmupShare * double(total)), total),
      .state = [&](Checkpoint& checkpoint) { checkpoint.number("heldout_loss", heldout); },
      .status = [&] { return std::isnan(heldout) ? "" : fmt::format("held-out loss {:.5f}; ", heldout); }};
  if (!finetuning.heldout.empty()) {
    loop.validate = [&](int64_t) {
      heldout = heldout_loss(config, finetuning);
      return Values{{"heldout_loss", heldout}};
    };
  }
  const std::vector<double> losses = train(loop, task);
  return {mean_loss(losses, 0, std::min(kFirstSteps, total)),
          mean_loss(losses, total - steps_per_epoch, total), heldout, losses};
}

int64_t check_finetuning_memory(models::Llama& llm, const FinetuneConfig& config,
                                const Finetuning& finetuning) {
  const std::vector<int64_t>& lengths = finetuning.lengths;
  std::vector<size_t> by_length(lengths.size());
  std::iota(by_length.begin(), by_length.end(), size_t{0});
  std::ranges::stable_sort(by_length, {}, [&](size_t i) { return lengths[i]; });
  MeasuredMemory memory(llm.device(), "sft-batch", "fine-tuning");
  memory.measure([&] {
    nn::Adam adam = make_optimiser(llm, config, finetuning);
    memory.batches(std::min(config.batch, std::ssize(lengths)), kMeasuredTokens, [&](int64_t n) {
      std::vector<int64_t> batch;
      int64_t tokens = 0;
      for (const size_t i : std::span(by_length).first(static_cast<size_t>(n))) {
        batch.push_back(finetuning.examples[i]);
        tokens += lengths[i];
      }
      adam.zero_grad();
      ag::backward(finetuning.loss(batch, {}, {config.seed, 0, true}).mean);
      return tokens;
    });
  });
  nn::detach_lora(llm);
  return memory.check_batches(lengths, config.batch, config.batch_parts);
}

bool held_out(const std::string& id) { return ag::random_below(nn::key_for(id, 0), 0, 10) == 0; }

}  // namespace p2rec
