// The training loop: the only place that updates weights, and that logs, saves and resumes a training.
//
//   each step         gradients of all parts of the batch; clipped; Adam at the scheduled rate; a log line
//   each epoch's end  validation
//   now and then      a checkpoint: Adam, the weights that it trains, the losses, and what `state` visits
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "nn/optim.h"
#include "p2rec/task/task.h"

namespace p2rec {

// A batch may run in several parts, one after the other, which takes less memory. A part is the sequences
// [begin(B), end(B)) of the batch's B; it is empty where there are more parts than sequences.
struct BatchPart {
  int64_t index = 0, count = 1;
  int64_t begin(int64_t B) const { return B * index / count; }
  int64_t end(int64_t B) const { return B * (index + 1) / count; }
  template <class T>
  std::span<T> of(std::span<T> batch) const {
    const auto B = std::ssize(batch);
    return batch.subspan(static_cast<size_t>(begin(B)), static_cast<size_t>(end(B) - begin(B)));
  }
};

// The mean loss over the `terms` of a part, where the whole batch has `of` terms. mean * terms / of adds up
// over the parts to the batch's mean, and so do the gradients.
struct PartLoss {
  ag::Tensor mean = {};  // (), or undefined if the part has no terms
  int64_t terms = 1, of = 1;
};

// What a checkpoint holds. The same list of calls writes a checkpoint and reads it.
class Checkpoint {
 public:
  Checkpoint() = default;                                               // an empty one, to be written
  explicit Checkpoint(const nn::TensorFile& saved) : saved_(&saved) {}  // one to be read
  void tensors(const std::string& prefix, const nn::NamedTensors& tensors);
  void adam(nn::Adam& adam);
  void list(const std::string& name, std::vector<double>& values);  // stored as reals
  void number(const std::string& name, double& value);
  void number(const std::string& name, int64_t& value);
  void write(const Task& task, int64_t step) const { task.save(step, tensors_, numbers_); }

 private:
  const nn::TensorFile* saved_ = nullptr;
  nn::NamedTensors tensors_;
  nn::Metadata numbers_;
};

struct Loop {
  nn::Adam& adam;
  int64_t steps_per_epoch, epochs;  // at most this many epochs
  int64_t parts = 1;                // of a batch
  double lr = 0;                    // Adam's, for the log
  double clip = 0;                  // largest norm of all gradients together; 0: any
  double loss_scale = 1;            // gradients are those of loss_scale * loss
  std::function<PartLoss(int64_t step, const BatchPart& part)> loss;
  std::function<double(int64_t step)> schedule = {};   // factor of the learning rates; unset: 1
  std::function<nn::RowGradient()> sparse_rows = {};   // sparse Adam: the last batch's rows of one parameter
  std::function<Values(int64_t epoch)> validate = {};  // after epoch 1, 2, ...; the log shows the values
  std::function<bool(int64_t epoch)> enough = {};      // true: stops after this epoch
  std::function<void(Checkpoint&)> state = {};         // what a checkpoint holds besides
  std::function<std::string()> status = {};            // what the progress line shows first
};

// Trains from the start or from the task's checkpoint. Returns the loss of every step since the start.
std::vector<double> train(const Loop& loop, const Task& task);

// Cosine with warm-up for Loop::schedule, counted from one: the first step's rate would otherwise be zero.
std::function<double(int64_t step)> cosine_schedule(int64_t warmup, int64_t total);

// The mean of losses [begin, end).
double mean_loss(const std::vector<double>& losses, int64_t begin, int64_t end);

}  // namespace p2rec
