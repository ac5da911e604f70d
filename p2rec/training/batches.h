// What a recommender is trained on: windows of the users' training parts, their order, and the negatives.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "models/recommenders/recommender.h"
#include "p2rec/data/interactions.h"

namespace p2rec {

// The random stream that draws the order of the windows.
constexpr uint32_t kWindowOrderStream = ag::stream("window order");

// `length` items of a user's training part from `begin`.
struct Window {
  int64_t user, begin, length;
};

enum class WindowChoice : uint8_t {
  All,   // windows that overlap by one item, so that every item but a user's first is a target once an epoch
  Last,  // only each user's last window, as most published rows are trained
};

// Windows of 2 to `length` items, user by user; length >= 2.
std::vector<Window> training_windows(const Interactions& data, int64_t length,
                                     WindowChoice choice = WindowChoice::All);

// The windows of an epoch, in order. With steps = 0 every window once, in a new order each epoch. Otherwise
// batch * steps of them, which continue the previous epoch and are reordered whenever all have been seen.
std::vector<int32_t> epoch_windows(int64_t windows, int64_t epoch, int64_t batch, int64_t steps,
                                   uint64_t seed);

// The items of some windows.
models::Histories items_of(const Interactions& data, const std::vector<Window>& windows,
                           std::span<const int32_t> chosen);

// Negatives (M,n) for a batch of these windows: each drawn evenly, with repetition, from the items that the
// user has not taken in training. Shared: n are drawn for all rows, and where a user has taken one, that row
// gets another. Throws ag::Error where a user has taken nearly all of them.
ag::Tensor draw_negatives(const Interactions& data, const std::vector<Window>& windows,
                          std::span<const int32_t> chosen, const models::SequenceBatch& batch, int64_t n,
                          const ag::RandomKey& key, bool shared = false);

// Makes the batch use only the rows of `table` (V,C) that it needs: afterwards its ids are indices of them,
// and batch.item_rows is a copy of them that requires grad. Returns their ids, (U) I32, by first use.
ag::Tensor use_rows_alone(models::SequenceBatch& batch, const ag::Tensor& table);

}  // namespace p2rec
