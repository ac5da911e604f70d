// What a recommender is trained on: windows of the users' training parts, in which order they come, and the negatives.
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
  Last,  // each user's last window alone, as most published rows are trained
};

// Windows of 2 to `length` items, user by user; length >= 2.
std::vector<Window> training_windows(const Interactions& data, int64_t length,
                                     WindowChoice choice = WindowChoice::All);

// Which windows an epoch goes through, in this order. With steps = 0 every window once, dealt out anew each epoch. Otherwise
// batch * steps of them, which go on where the epoch before ended and are dealt out anew whenever all have been seen: an epoch
// is then only how often one validates.
std::vector<int32_t> epoch_windows(int64_t windows, int64_t epoch, int64_t batch, int64_t steps,
                                   uint64_t seed);

// The items of some windows.
models::Histories items_of(const Interactions& data, const std::vector<Window>& windows,
                           std::span<const int32_t> chosen);

// Negatives (M,n) for a batch made of these windows: each drawn evenly, with repetition, from the items that the user has not
// taken in training. Shared: n are drawn for all rows, and where a user has taken one, that row gets another. Throws ag::Error
// where a user has taken nearly all of them.
ag::Tensor draw_negatives(const Interactions& data, const std::vector<Window>& windows,
                          std::span<const int32_t> chosen, const models::SequenceBatch& batch, int64_t n,
                          const ag::RandomKey& key, bool shared = false);

// Makes the batch work on the rows of `table` (V,C) that it speaks of alone: afterwards its ids count them, and
// batch.item_rows holds a copy of them that asks for a gradient. Returns which rows they are: (U) I32, in
// the order in which they come up.
ag::Tensor use_rows_alone(models::SequenceBatch& batch, const ag::Tensor& table);

}  // namespace p2rec
