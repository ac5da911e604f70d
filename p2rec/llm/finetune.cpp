#include "p2rec/llm/finetune.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "nn/init.h"
#include "p2rec/llm/token_batches.h"
#include "p2rec/training/measured_memory.h"

namespace p2rec {
namespace {

using ag::Tensor;

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

// The examples of each step. Holds the batches of one epoch.
class Batches {
 public:
  Batches(const Finetuning& finetuning, const FinetuneConfig& config)
      : finetuning_(finetuning),
        config_(config),
        steps_per_epoch_(batches_per_epoch(finetuning.lengths, config.tokens)) {}

  int64_t steps_per_epoch() const { return steps_per_epoch_; }
  double mean_examples() const {
    return static_cast<double>(finetuning_.examples.size()) / static_cast<double>(steps_per_epoch_);
  }
  std::span<const int64_t> of(int64_t step) {
    const int64_t epoch = step / steps_per_epoch_;
    if (epoch != epoch_) {
      batches_ =
          token_batches(finetuning_.lengths, config_.tokens, config_.seed, static_cast<uint32_t>(epoch));
      for (auto& batch : batches_) {
        for (int64_t& i : batch) i = finetuning_.examples[static_cast<size_t>(i)];
      }
      epoch_ = epoch;
    }
    return batches_[static_cast<size_t>(step % steps_per_epoch_)];
  }

 private:
  const Finetuning& finetuning_;
  const FinetuneConfig& config_;
  int64_t steps_per_epoch_, epoch_ = -1;
  std::vector<std::vector<int64_t>> batches_;
};

// The mean over all held-out examples, as many at a time as a step has on average. The ranks share whole
// groups, because some losses compare the examples of a group.
double heldout_loss(const Finetuning& finetuning, double mean_examples, const ag::Communicator& ranks) {
  const ag::NoGrad no_grad;
  const auto together = static_cast<size_t>(mean_examples);
  const int64_t groups = static_cast<int64_t>((finetuning.heldout.size() + together - 1) / together);
  double sum = 0, terms = 0;
  for (int64_t group = ranks.begin(groups); group < ranks.end(groups); ++group) {
    const size_t begin = static_cast<size_t>(group) * together;
    const std::span examples = std::span(finetuning.heldout).subspan(begin);
    const std::span own = examples.first(std::min(examples.size(), together));
    const PartLoss loss =
        finetuning.heldout_loss ? finetuning.heldout_loss(own) : finetuning.loss(own, {}, {});
    sum += loss.mean.item() * static_cast<double>(loss.terms);
    terms += static_cast<double>(loss.terms);
  }
  return ranks.sum(sum) / ranks.sum(terms);
}

}  // namespace

void describe(FinetuneConfig& config, const nn::Visit& visit) {
  visit({"lora-rank", "rank of the LoRA matrices", nn::between(1, 4096)}, &config.lora.rank);
  visit({"lora-alpha", "LoRA's output is scaled by alpha / rank", nn::kPositive}, &config.lora.alpha);
  visit({"lora-dropout", "dropout on LoRA's input", nn::kShare}, &config.lora.dropout);
  visit({"sft-lr", "learning rate of fine-tuning, for LoRA and heads", nn::kPositive}, &config.lr);
  visit({"sft-tokens", "approximate number of tokens in a fine-tuning step, over all its prompts",
         nn::at_least(1)},
        &config.tokens);
  visit(
      {"sft-batch-parts", "run the prompts of a fine-tuning step in N parts to save memory", nn::at_least(1)},
      &config.batch_parts);
  visit({"sft-epochs", "epochs of fine-tuning", nn::at_least(1)}, &config.epochs);
}

FinetuneLosses finetune(models::Llama& llm, const FinetuneConfig& config, const Finetuning& finetuning,
                        const Task& task) {
  nn::Adam adam = make_optimiser(llm, config, finetuning);
  Batches batches(finetuning, config);
  const int64_t steps_per_epoch = batches.steps_per_epoch(), total = steps_per_epoch * config.epochs;
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
            const std::span<const int64_t> batch = batches.of(step);
            if (part.of(batch).empty()) return PartLoss{};
            PartLoss loss = finetuning.loss(batch, part, {config.seed, static_cast<uint32_t>(step), true});
            loss.weight = static_cast<double>(batch.size()) / batches.mean_examples();
            return loss;
          },
      .schedule = cosine_schedule(static_cast<int64_t>(kWarmupShare * double(total)), total),
      .state = [&](Checkpoint& checkpoint) { checkpoint.number("heldout_loss", heldout); },
      .status = [&] { return std::isnan(heldout) ? "" : fmt::format("held-out loss {:.5f}; ", heldout); }};
  if (!finetuning.heldout.empty()) {
    loop.validate = [&](int64_t) {
      heldout = heldout_loss(finetuning, batches.mean_examples(), task.ranks());
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
  MeasuredMemory memory(llm.device(), "sft-tokens", "fine-tuning");
  memory.measure([&] {
    nn::Adam adam = make_optimiser(llm, config, finetuning);
    memory.batches(std::ssize(lengths), kMeasuredTokens, [&](int64_t n) {
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
  return memory.check_batches(config.tokens, [&](int64_t tokens) {
    return most_tokens_of_part(lengths, tokens, config.batch_parts, config.seed);
  });
}

bool held_out(const std::string& id) { return ag::random_below(nn::key_for(id, 0), 0, 10) == 0; }

}  // namespace p2rec
