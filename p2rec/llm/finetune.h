// Fine-tuning a language model with LoRA: what all methods share, with the loss as an argument.
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
  double lr = 5e-4;         // of LoRA; AdamW without weight decay, cosine schedule with 10% warm-up
  int64_t batch = 16;       // examples
  int64_t batch_parts = 1;  // a batch runs in this many parts, which takes less memory
  int64_t epochs = 6;
  double clip = 1.0;  // largest norm of all gradients together
  uint64_t seed = 1;  // of LoRA's matrices, dropout, and the order of the examples
};
void describe(FinetuneConfig& config, const nn::Visit& visit);

// What a method gives to the fine-tuning. An example is a number that only the method knows the meaning of.
struct Finetuning {
  std::vector<int64_t> examples;              // to train on
  std::vector<int64_t> lengths;               // of these, in tokens
  std::vector<int64_t> heldout = {};          // to measure the loss on after each epoch; may be empty
  std::vector<nn::Adam::Group> trained = {};  // besides LoRA: heads, new tokens, each with its learning rate
  double loss_scale = 1;                      // gradients are those of loss_scale * loss
  // The loss of a part of a batch of these examples.
  std::function<PartLoss(std::span<const int64_t> batch, const BatchPart& part,
                         const nn::DropoutContext& dropout)>
      loss = {};
};

struct FinetuneLosses {
  double first = 0;       // mean over the first 20 steps
  double last_epoch = 0;  // mean over its steps
  double heldout = 0;     // after the last epoch; NaN if nothing is held out
};

// Attaches LoRA to the model and trains it, with what else the method trains.
FinetuneLosses finetune(models::Llama& llm, const FinetuneConfig& config, const Finetuning& finetuning,
                        const Task& task = {});

// The most bytes that the fine-tuning holds on the model's device, beyond what is in use: measured with the
// shortest examples. Throws ag::InputError if they are not available, naming a batch that would fit.
int64_t check_finetuning_memory(models::Llama& llm, const FinetuneConfig& config,
                                const Finetuning& finetuning);

// True if this example is one of the held-out tenth: a hash of the id decides.
bool held_out(const std::string& id);

}  // namespace p2rec
