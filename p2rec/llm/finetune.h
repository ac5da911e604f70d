// Fine-tunes a language model with LoRA. All methods share it and give their loss as an argument.
//
// Batches have about the same number of tokens, so they differ in their number of examples (token_batches.h).
// A step's loss is the sum over its examples, divided by the mean number of examples in a step. So every
// example has the same weight, and the mean loss of an epoch's steps is the mean over its examples.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "models/llama/llama.h"
#include "nn/io/describe.h"
#include "nn/lora.h"
#include "nn/optim.h"
#include "p2rec/training/loop.h"

namespace p2rec {

struct FinetuneConfig {
  nn::LoraConfig lora;
  double lr = 5e-4;         // of LoRA; AdamW without weight decay, cosine schedule with 10 % warm-up
  int64_t tokens = 512;     // of a step's examples together, about
  int64_t batch_parts = 1;  // a batch runs in this many parts to save memory
  int64_t epochs = 6;
  double clip = 1.0;  // maximum norm of all gradients together
  uint64_t seed = 1;  // of LoRA's matrices, dropout, and the order of the examples
};
void describe(FinetuneConfig& config, const nn::Visit& visit);

// A method's input to finetune(). An example is a number; only the method knows what it means.
struct Finetuning {
  std::vector<int64_t> examples;              // training examples
  std::vector<int64_t> lengths;               // tokens of each of them
  std::vector<int64_t> heldout = {};          // their loss is measured after each epoch; may be empty
  std::vector<nn::Adam::Group> trained = {};  // besides LoRA: heads, new tokens, each with its learning rate
  double loss_scale = 1;                      // gradients are those of loss_scale * loss
  // The loss of a part of a batch of examples.
  std::function<PartLoss(std::span<const int64_t> batch, const BatchPart& part,
                         const nn::DropoutContext& dropout)>
      loss = {};
  // The measure of held-out examples; unset: the loss.
  std::function<PartLoss(std::span<const int64_t> batch)> heldout_loss = {};
};

struct FinetuneLosses {
  double first = 0;                // mean over the first 20 steps
  double last_epoch = 0;           // mean over its steps
  double heldout = 0;              // after the last epoch; NaN if nothing is held out
  std::vector<double> steps = {};  // of every step
};

// Attaches LoRA to the model and trains it together with finetuning.trained.
FinetuneLosses finetune(models::Llama& llm, const FinetuneConfig& config, const Finetuning& finetuning,
                        const Task& task = {});

// The peak memory of finetune() in bytes on the model's device, besides what is in use; estimated from runs
// with the shortest examples. If it is not available, throws ag::InputError, which names a batch that fits.
int64_t check_finetuning_memory(models::Llama& llm, const FinetuneConfig& config,
                                const Finetuning& finetuning);

// True for a tenth of the examples; a hash of the id decides.
bool held_out(const std::string& id);

}  // namespace p2rec
