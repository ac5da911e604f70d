#include "p2rec/training/measured_memory.h"

#include <algorithm>

#include "autograd/check.h"
#include "autograd/rng.h"
#include "autograd/storage.h"
#include "nn/init.h"
#include "nn/system/memory.h"

namespace p2rec {

// Batches differ in size, so a reused block is often larger than requested.
constexpr double kReuse = 1.1;

int64_t available_memory(ag::Device device) {
  ag::release_cached_memory();  // its pages that were never written are not resident and would count twice
  return nn::available_memory(device);
}

MeasuredMemory::MeasuredMemory(ag::Device device, std::string option, std::string what)
    : device_(device),
      option_(std::move(option)),
      what_(std::move(what)),
      before_(ag::memory_stats(device).in_use),
      available_(available_memory(device)) {}

void MeasuredMemory::measure(const std::function<void()>& work) {
  const ag::MemoryLimit limit(device_, before_ + available_);
  try {
    work();
  } catch (const ag::OutOfMemory&) {
    throw ag::InputError(ag::message(
        option_, ": ", what_, " needs more memory even with the smallest batch, but ",
        nn::memory_text(available_), " are available; hint: use a smaller model or shorter sequences"));
  }
}

int64_t MeasuredMemory::peak(const std::function<void()>& work) const {
  ag::reset_memory_peak(device_);
  work();
  return ag::memory_stats(device_).peak - before_;
}

void MeasuredMemory::batches(int64_t most, int64_t enough, const std::function<int64_t(int64_t)>& run) {
  for (int64_t n = 1; n <= most; n *= 2) {
    small_ = large_;
    int64_t tokens = 0;
    large_.bytes = static_cast<double>(peak([&] { tokens = run(n); }));
    large_.tokens = static_cast<double>(tokens);
    if (n > 1 && (tokens >= enough || 2 * large_.bytes > static_cast<double>(available_))) return;
  }
}

void MeasuredMemory::other(const std::function<void()>& work) { other_ = std::max(other_, peak(work)); }

int64_t MeasuredMemory::bytes(int64_t tokens) const {
  const double more = large_.tokens - small_.tokens,
               of_token = more > 0 ? std::max(0.0, large_.bytes - small_.bytes) / more : 0,
               batch = large_.bytes + of_token * (static_cast<double>(tokens) - large_.tokens);
  return static_cast<int64_t>(kReuse * std::max(batch, static_cast<double>(other_)));
}

int64_t most_tokens(const std::vector<int64_t>& lengths, int64_t batch) {
  std::vector<int64_t> shuffled;
  for (const int32_t i :
       ag::random_permutation(nn::key_for("largest batch", 1), static_cast<int32_t>(lengths.size())))
    shuffled.push_back(lengths[static_cast<size_t>(i)]);
  int64_t tokens = 0, most = 0;  // of any `batch` sequences in a row
  for (size_t i = 0; i < shuffled.size(); ++i) {
    tokens += shuffled[i];
    if (std::cmp_greater_equal(i, batch)) tokens -= shuffled[i - static_cast<size_t>(batch)];
    most = std::max(most, tokens);
  }
  return most;
}

void MeasuredMemory::check(int64_t bytes) const {
  INPUT_CHECK(bytes <= available_, option_, ": ", what_, " needs about ", nn::memory_text(bytes),
              " of memory, but ", nn::memory_text(available_), " are available; hint: use a smaller model");
}

int64_t MeasuredMemory::check_batches(int64_t size, const std::function<int64_t(int64_t)>& tokens_of,
                                      int64_t besides) const {
  const auto bytes_of = [&](int64_t n) { return besides + bytes(tokens_of(n)); };
  const int64_t needed = bytes_of(size);
  if (needed <= available_) return needed;
  int64_t fits = 0, too_large = size;
  // Leaves 1/32 free, because another call of the program may find a little less.
  while (too_large - fits > 1) {
    const int64_t middle = fits + (too_large - fits) / 2;
    (bytes_of(middle) <= available_ - available_ / 32 ? fits : too_large) = middle;
  }
  throw ag::InputError(
      ag::message(option_, ": ", what_, " with batches of ", size, " needs about ", nn::memory_text(needed),
                  " of memory, but ", nn::memory_text(available_), " are available; hint: ",
                  fits > 0 ? ag::message(option_, " ", fits, " would fit")
                           : ag::message("not even batches of one would fit (", nn::memory_text(bytes_of(1)),
                                         "); use a smaller model or shorter sequences")));
}

}  // namespace p2rec
