// The training loop: the only place that updates weights, and that logs, saves and resumes a training.
//
//   every step        gradients of all parts of the batch, clipping, Adam at the scheduled rate, a log line
//   every epoch       validation at its end
//   if save_due()     a checkpoint: Adam, the weights that it trains, the losses, and what `state` visits
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "nn/optim.h"
#include "p2rec/task/task.h"

namespace p2rec {

// A batch may run in several parts: on several ranks at the same time, and on each of them one after the
// other, to save memory. A part has the sequences [begin(B), end(B)) of the batch's B sequences. It is empty
// if there are more parts than sequences.
struct BatchPart {
  int64_t index = 0, count = 1;
  int64_t begin(int64_t B) const { return B * index / count; }
  int64_t end(int64_t B) const { return B * (index + 1) / count; }
  // The last part is never empty. It computes a loss that compares all sequences of a batch, and so has no
  // parts.
  bool is_last() const { return index + 1 == count; }
  template <class T>
  std::span<T> of(std::span<T> batch) const {
    const auto B = std::ssize(batch);
    return batch.subspan(static_cast<size_t>(begin(B)), static_cast<size_t>(end(B) - begin(B)));
  }
};

// The mean loss over a part's `terms`; the whole batch has `of` terms. The sum of mean * terms / of over all
// parts is the batch's mean loss; the same holds for the gradients.
struct PartLoss {
  ag::Tensor mean = {};  // (), or undefined if the part has no terms
  int64_t terms = 1, of = 1;
  double weight = 1;  // of the batch: its loss and gradients are multiplied by it
};

// The content of a checkpoint. The same calls write a checkpoint and read one.
class Checkpoint {
 public:
  Checkpoint() = default;                                               // to write
  explicit Checkpoint(const nn::TensorFile& saved) : saved_(&saved) {}  // to read
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
  int64_t steps_per_epoch, epochs;  // `epochs` is the maximum
  int64_t parts = 1;                // of a batch, on each rank
  double lr = 0;                    // Adam's, for the log
  double clip = 0;                  // maximum norm of all gradients together; 0: no clipping
  double loss_scale = 1;            // gradients are those of loss_scale * loss
  std::function<PartLoss(int64_t step, const BatchPart& part)> loss;
  std::function<double(int64_t step)> schedule = {};  // factor of the learning rates; unset: 1
  ag::Tensor sparse_table = {};  // sparse Adam: the parameter of which a batch uses only some rows
  // Its rows in the last batch, and the gradient from this rank's parts of the batch.
  std::function<nn::RowGradient()> sparse_rows = {};
  std::function<Values(int64_t epoch)> validate = {};  // after epoch 1, 2, ...; the values are logged
  std::function<bool(int64_t epoch)> enough = {};      // true: stop after this epoch
  std::function<void(Checkpoint&)> state = {};         // visits the caller's own part of a checkpoint
  std::function<std::string()> status = {};            // the start of the progress line
};

// Trains on the task's ranks, from the start or from the task's checkpoint. Returns the loss of every step,
// from step 0.
std::vector<double> train(const Loop& loop, const Task& task);

// Cosine with warm-up, for Loop::schedule. Counts steps from 1; otherwise the first step's rate would be 0.
std::function<double(int64_t step)> cosine_schedule(int64_t warmup, int64_t total);

// The mean of losses [begin, end).
double mean_loss(const std::vector<double>& losses, int64_t begin, int64_t end);

}  // namespace p2rec
