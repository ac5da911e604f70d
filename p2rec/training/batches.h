// The training data of a recommender: windows of the users' training parts, their order, and the negatives.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "models/recommenders/recommender.h"
#include "p2rec/data/interactions.h"

namespace p2rec {

// The random stream of the windows' order.
constexpr uint32_t kWindowOrderStream = ag::stream("window order");

// `length` items of a user's training part from `begin`.
struct Window {
  int64_t user, begin, length;
};

enum class WindowChoice : uint8_t {
  All,   // windows overlap by one item, so that every item except a user's first is a target once per epoch
  Last,  // only each user's last window, as for most published results
};

// Windows of 2 to `length` items, user by user; length >= 2.
std::vector<Window> training_windows(const Interactions& data, int64_t length,
                                     WindowChoice choice = WindowChoice::All);

// The windows of an epoch, in order. steps = 0: every window once, in a new order each epoch. Otherwise
// batch * steps windows, which continue where the previous epoch ended; after each pass over all windows,
// they are shuffled again.
std::vector<int32_t> epoch_windows(int64_t windows, int64_t epoch, int64_t batch, int64_t steps,
                                   uint64_t seed);

// The items of some windows.
models::Histories items_of(const Interactions& data, const std::vector<Window>& windows,
                           std::span<const int32_t> chosen);

// Negatives (M,n) for the M targets of a batch, drawn uniformly with replacement from the items that the user
// does not have in training. shared: n negatives are drawn for all rows; a row whose user has one of them
// gets another instead. Throws ag::Error if a user has nearly all items.
ag::Tensor draw_negatives(const Interactions& data, const std::vector<Window>& windows,
                          std::span<const int32_t> chosen, const models::SequenceBatch& batch, int64_t n,
                          const ag::RandomKey& key, bool shared = false);

// Restricts a batch to the U rows of `table` (V,C) that it uses: copies them into batch.item_rows (U,C),
// which requires grad, and renumbers the batch's ids to 0..U-1. Returns the original ids (U) I32.
ag::Tensor restrict_to_used_rows(models::SequenceBatch& batch, const ag::Tensor& table);

}  // namespace p2rec
