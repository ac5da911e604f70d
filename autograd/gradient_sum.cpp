#include "autograd/gradient_sum.h"

#include <ranges>

namespace ag {
namespace {

constexpr int64_t kBucket = 1 << 18;  // numbers: large enough that starting a sum costs little

int64_t bytes_of(const Tensor& x) { return x.numel() * size_of(x.dtype()); }

}  // namespace

GradientSum::GradientSum(std::vector<Tensor> parameters, const Communicator& ranks) : ranks_(ranks) {
  if (ranks.size() == 1) return;
  int64_t numbers = kBucket;  // in the last bucket
  for (const Tensor& parameter : std::views::reverse(parameters)) {
    if (numbers >= kBucket) {
      buckets_.emplace_back();
      numbers = 0;
    }
    buckets_.back().parameters.push_back(parameter);
    bucket_of_[parameter.data()] = &buckets_.back();
    numbers += parameter.numel() + 1;
  }
}

void GradientSum::add(const Tensor& leaf) {
  const auto found = bucket_of_.find(leaf.data());
  if (found == bucket_of_.end()) return;
  ++found->second->complete;
  while (started_ < buckets_.size() && buckets_[started_].complete == buckets_[started_].parameters.size())
    start(buckets_[started_]);
  for (size_t b = 0; b < started_; ++b) buckets_[b].pending.done();
}

void GradientSum::finish() {
  while (started_ < buckets_.size()) start(buckets_[started_]);
  for (Bucket& bucket : buckets_) take(bucket);
  started_ = 0;
}

void GradientSum::start(Bucket& bucket) {
  ++started_;
  int64_t numbers = 0;
  for (const Tensor& parameter : bucket.parameters) numbers += parameter.numel() + 1;
  bucket.sum = Tensor::empty({numbers});
  real* to = bucket.sum.data();
  for (const Tensor& parameter : bucket.parameters) {
    const Tensor gradient = parameter.grad();
    if (gradient.defined()) {
      copy_memory(to, Device::CPU, gradient.data(), gradient.device(), bytes_of(gradient));
    } else {
      zero_memory(to, Device::CPU, bytes_of(parameter));
    }
    to += parameter.numel();
    *to++ = gradient.defined();
  }
  bucket.pending = ranks_.start_all_reduce(bucket.sum);
}

void GradientSum::take(Bucket& bucket) {
  bucket.pending.wait();
  const real* from = bucket.sum.data();
  for (const Tensor& parameter : bucket.parameters) {
    const bool defined = from[parameter.numel()] > 0;
    if (defined && !parameter.grad().defined()) parameter.set_grad(empty_like(parameter));
    if (defined) {
      const Tensor gradient = parameter.grad();
      copy_memory(gradient.data(), gradient.device(), from, Device::CPU, bytes_of(gradient));
    }
    from += parameter.numel() + 1;
  }
  bucket.sum = {};
  bucket.complete = 0;
}

}  // namespace ag
