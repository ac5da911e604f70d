#include "p2rec/training/loop.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "autograd/gradient_sum.h"
#include "autograd/ops.h"

namespace p2rec {
namespace {

using ag::Tensor;

constexpr int64_t kRecentSteps = 10;  // the progress line shows their mean loss

// Adds up the gradients of a batch, part by part and over the ranks. Returns the batch's loss, on its device.
Tensor backward(const Loop& loop, int64_t step, const ag::Communicator& ranks, ag::GradientSum& gradients) {
  Tensor loss = Tensor::zeros({}, ag::DType::Real, loop.adam.parameters().at(0).device());
  double shares = 0;  // of the batch's terms
  const int64_t begin = ranks.rank() * loop.parts, end = begin + loop.parts;
  for (BatchPart part{begin, ranks.size() * loop.parts}; part.index < end; ++part.index) {
    const PartLoss found = loop.loss(step, part);
    if (!found.mean.defined()) continue;
    const double share = static_cast<double>(found.terms) / static_cast<double>(found.of);
    const Tensor own = ag::scale(found.mean, found.weight * share * loop.loss_scale);
    if (part.index + 1 == end) {
      ag::backward_with(own, [&](const Tensor& leaf) { gradients.add(leaf); });
    } else {
      ag::backward(own);
    }
    loss = ag::add(loss, ag::scale(found.mean.detach(), found.weight * share));
    shares += share;
  }
  gradients.finish();
  shares = ranks.sum(shares);
  AG_CHECK(shares == 0 || std::abs(shares - 1) < 1e-6, "train: the parts of a batch have ", shares,
           " times its terms; expected each once; hint: does the loss use its BatchPart?");
  ranks.all_reduce(loss);
  return loss;
}

double lr_factor_of(const Loop& loop, int64_t step) { return loop.schedule ? loop.schedule(step) : 1; }

Tensor train_step(const Loop& loop, int64_t step, const ag::Communicator& ranks, ag::GradientSum& gradients) {
  const double lr_factor = lr_factor_of(loop, step);
  loop.adam.zero_grad();
  Tensor loss = backward(loop, step, ranks, gradients);
  if (loop.clip > 0) nn::clip_grad_norm(loop.adam.parameters(), loop.clip);
  if (loop.sparse_rows) {
    const nn::RowGradient rows = loop.sparse_rows();
    ranks.all_reduce(rows.rows);
    loop.adam.step_rows(rows, lr_factor);
  } else {
    loop.adam.step(lr_factor);
  }
  return loss;
}

// Logs the losses of the latest steps, which are on the device, and appends them to `losses`. One copy brings
// them back: it waits for the device, which would otherwise wait for the next step's kernels.
void read_back(std::vector<Tensor>& latest, const Loop& loop, const Task& task, std::vector<double>& losses) {
  if (latest.empty()) return;
  for (Tensor& loss : latest) loss = loss.view({1});
  for (const ag::real loss : ag::concat(latest, 0).values()) {
    const int64_t step = std::ssize(losses);
    task.log(step, {{"loss", loss}, {"lr", loop.lr * lr_factor_of(loop, step)}});
    losses.push_back(loss);
  }
  latest.clear();
}

void visit_state(const Loop& loop, std::vector<double>& losses, Checkpoint& checkpoint) {
  checkpoint.adam(loop.adam);
  checkpoint.list("losses", losses);
  if (loop.state) loop.state(checkpoint);
}

void validate(const Loop& loop, int64_t step, const Task& task) {
  const int64_t epoch = (step + 1) / loop.steps_per_epoch;
  Values values = loop.validate(epoch);
  values.insert(values.begin(), {"epoch", static_cast<double>(epoch)});
  task.log(step, values);
}

std::string progress_text(const Loop& loop, const std::vector<double>& losses) {
  const int64_t steps = std::ssize(losses);
  const std::string where = loop.epochs == 1
                                ? fmt::format("step {} of {}", steps, loop.steps_per_epoch)
                                : fmt::format("epoch {} of {}{}", (steps - 1) / loop.steps_per_epoch + 1,
                                              loop.enough ? "at most " : "", loop.epochs);
  return fmt::format("{}{}, loss {:.5f}", loop.status ? loop.status() : "", where,
                     mean_loss(losses, std::max<int64_t>(0, steps - kRecentSteps), steps));
}

}  // namespace

std::vector<double> train(const Loop& loop, const Task& task) {
  std::vector<double> losses;
  if (const auto saved = task.resume()) {
    Checkpoint checkpoint(*saved);
    visit_state(loop, losses, checkpoint);
  }
  const ag::Communicator& ranks = task.ranks();
  std::vector<Tensor> dense = loop.adam.parameters();
  for (const Tensor& parameter : dense) ranks.broadcast(parameter);
  std::erase_if(dense, [&](const Tensor& parameter) { return parameter.same_as(loop.sparse_table); });
  ag::GradientSum gradients(dense, ranks);
  std::vector<Tensor> latest;  // losses that are still on the device
  const int64_t total = loop.epochs * loop.steps_per_epoch;
  for (auto step = static_cast<int64_t>(losses.size()); step < total; ++step) {
    if (step % loop.steps_per_epoch == 0 && loop.enough && loop.enough(step / loop.steps_per_epoch)) break;
    latest.push_back(train_step(loop, step, ranks, gradients));
    const bool epoch_ends = (step + 1) % loop.steps_per_epoch == 0;
    if (epoch_ends) read_back(latest, loop, task, losses);
    if (epoch_ends && loop.validate) validate(loop, step, task);
    if (task.progress(static_cast<double>(step + 1) / static_cast<double>(total))) {
      read_back(latest, loop, task, losses);
      task.show(progress_text(loop, losses));
    }
    if (task.save_due()) {
      read_back(latest, loop, task, losses);
      Checkpoint checkpoint;
      visit_state(loop, losses, checkpoint);
      checkpoint.write(task, step);
    }
    task.check_stop();
  }
  return losses;
}

std::function<double(int64_t step)> cosine_schedule(int64_t warmup, int64_t total) {
  return [=](int64_t step) { return nn::cosine_factor(step + 1, warmup, total + 1); };
}

double mean_loss(const std::vector<double>& losses, int64_t begin, int64_t end) {
  return std::accumulate(losses.begin() + begin, losses.begin() + end, 0.0) /
         static_cast<double>(std::max<int64_t>(1, end - begin));
}

void Checkpoint::tensors(const std::string& prefix, const nn::NamedTensors& tensors) {
  for (const auto& [name, tensor] : tensors) {
    if (saved_) {
      Tensor(tensor).copy_from(saved_->at(prefix + name));
    } else {
      tensors_.emplace_back(prefix + name, tensor);
    }
  }
}

void Checkpoint::adam(nn::Adam& adam) {
  if (saved_) return adam.load_state(*saved_);
  for (const auto& entry : adam.state()) tensors_.push_back(entry);
}

void Checkpoint::list(const std::string& name, std::vector<double>& values) {
  if (saved_) {
    const std::vector<ag::real> found = saved_->at(name).values();
    values.assign(found.begin(), found.end());
  } else {
    tensors_.emplace_back(name, Tensor::from({std::ssize(values)}, values));
  }
}

void Checkpoint::number(const std::string& name, double& value) {
  if (saved_) {
    value = std::stod(saved_->metadata.at(name));
  } else {
    numbers_[name] = fmt::format("{}", value);
  }
}

void Checkpoint::number(const std::string& name, int64_t& value) {
  if (saved_) {
    value = std::stoll(saved_->metadata.at(name));
  } else {
    numbers_[name] = std::to_string(value);
  }
}

}  // namespace p2rec
