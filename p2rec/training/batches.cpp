#include "p2rec/training/batches.h"

#include <algorithm>
#include <atomic>
#include <bitset>

#include "autograd/parallel.h"
#include "p2rec/evaluation/ranking.h"

namespace p2rec {
namespace {

using ag::Tensor;

// Tries per negative. The probability that one fails is the share of the catalogue that the user has.
constexpr int64_t kTries = 64;

// A user's items. For most other items, one bit shows without a search that the user does not have them.
struct UserItems {
  std::vector<int32_t> sorted;
  std::bitset<4096> maybe;

  explicit UserItems(Sequence items) : sorted(sorted_distinct(items)) {
    for (const int32_t item : sorted) maybe.set(static_cast<size_t>(item) % maybe.size());
  }
  bool contains(int32_t item) const {
    return maybe[static_cast<size_t>(item) % maybe.size()] && std::ranges::binary_search(sorted, item);
  }
};

// -1 if all tries fail.
int32_t draw_negative(const UserItems& user_items, int64_t items, const ag::RandomKey& key, int64_t element) {
  for (int64_t i = 0; i < kTries; ++i) {
    const auto item = static_cast<int32_t>(
        ag::random_below(key, static_cast<uint64_t>(element * kTries + i), static_cast<uint32_t>(items)));
    if (!user_items.contains(item)) return item;
  }
  return -1;
}

// The sequence of each of the batch's targets.
std::vector<int64_t> sequences_of_targets(const models::SequenceBatch& batch) {
  std::vector<int64_t> sequences;
  int64_t b = 0;
  for (int64_t i = 0; i < batch.targets.numel(); ++i) {
    const int64_t row = batch.rows.defined() ? batch.rows.ints()[i] : i;
    while (row >= batch.input.offsets.at(b + 1)) ++b;
    sequences.push_back(b);
  }
  return sequences;
}

}  // namespace

std::vector<Window> training_windows(const Interactions& data, int64_t length, WindowChoice choice) {
  AG_CHECK(length >= 2, "training windows: a window of ", length, " items has nothing to predict");
  std::vector<Window> windows;
  for (int64_t u = 0; u < data.users(); ++u) {
    const int64_t items = std::ssize(training_part(data, u));
    const int64_t first = choice == WindowChoice::Last ? std::max<int64_t>(0, items - length) : 0;
    for (int64_t begin = first; begin + 1 < items; begin += length - 1)
      windows.push_back({u, begin, std::min(length, items - begin)});
  }
  return windows;
}

std::vector<int32_t> epoch_windows(int64_t windows, int64_t epoch, int64_t batch, int64_t steps,
                                   uint64_t seed) {
  const auto shuffled = [&](int64_t round) {
    return ag::random_permutation({seed, static_cast<uint32_t>(round), kWindowOrderStream},
                                  static_cast<int32_t>(windows));
  };
  if (steps == 0) return shuffled(epoch);
  std::vector<int32_t> chosen, order;
  for (int64_t i = epoch * steps * batch; i < (epoch + 1) * steps * batch; ++i) {
    if (order.empty() || i % windows == 0) order = shuffled(i / windows);
    chosen.push_back(order[static_cast<size_t>(i % windows)]);
  }
  return chosen;
}

models::Histories items_of(const Interactions& data, const std::vector<Window>& windows,
                           std::span<const int32_t> chosen) {
  models::Histories histories;
  for (const int32_t w : chosen) {
    const Window& window = windows[static_cast<size_t>(w)];
    const Sequence items =
        training_part(data, window.user)
            .subspan(static_cast<size_t>(window.begin), static_cast<size_t>(window.length));
    histories.emplace_back(items.begin(), items.end());
  }
  return histories;
}

Tensor draw_negatives(const Interactions& data, const std::vector<Window>& windows,
                      std::span<const int32_t> chosen, const models::SequenceBatch& batch, int64_t n,
                      const ag::RandomKey& key, bool shared) {
  std::vector<UserItems> user_items;  // of each window's user
  for (const int32_t w : chosen)
    user_items.emplace_back(training_part(data, windows[static_cast<size_t>(w)].user));
  const std::vector<int64_t> sequences = sequences_of_targets(batch);
  const int64_t M = batch.targets.numel();
  Tensor negatives = Tensor::empty({M, n}, ag::DType::I32);
  std::vector<int32_t> of_all;
  if (shared) {
    const ag::RandomKey key_of_all{key.seed, key.step, ag::stream("shared negatives")};
    for (int64_t j = 0; j < n; ++j)
      of_all.push_back(draw_negative(UserItems({}), data.items(), key_of_all, j));
  }
  std::atomic<bool> all_found = true;
  ag::parallel_for(M, 100 * n, [&](int64_t i) {
    const UserItems& of_user = user_items[static_cast<size_t>(sequences[static_cast<size_t>(i)])];
    for (int64_t j = 0; j < n; ++j) {
      int32_t item = shared ? of_all[static_cast<size_t>(j)] : -1;
      if (item < 0 || of_user.contains(item)) item = draw_negative(of_user, data.items(), key, i * n + j);
      if (item < 0) all_found = false;
      negatives.ints()[i * n + j] = item;
    }
  });
  AG_CHECK(all_found, "negative sampling: a user has nearly all items; hint: loss = ce needs no negatives");
  return negatives;
}

Tensor restrict_to_used_rows(models::SequenceBatch& batch, const Tensor& table) {
  std::vector<int32_t> ids, row_of(static_cast<size_t>(table.dim(0)), -1);
  const auto renumber = [&](Tensor& some) {
    if (!some.defined()) return;
    for (int32_t& id : std::span(some.ints(), static_cast<size_t>(some.numel()))) {
      int32_t& row = row_of[static_cast<size_t>(id)];
      if (row < 0) {
        row = static_cast<int32_t>(ids.size());
        ids.push_back(id);
      }
      id = row;
    }
  };
  renumber(batch.input.ids);
  renumber(batch.targets);
  renumber(batch.negatives);
  Tensor rows = Tensor::from_ints(ids);
  const ag::NoGrad no_grad;
  batch.item_rows = ag::embedding(table, rows);
  batch.item_rows.set_requires_grad();
  return rows;
}

}  // namespace p2rec
