// Writes interactions as RecBole's atomic files (table.h).
#pragma once

#include "nn/io/files.h"
#include "p2rec/data/interactions.h"

namespace p2rec {

// Makes the folder X with X.inter: user_id, item_id, and timestamp and rating if the data have them, each
// user's rows in order. If the split is not leave-one-out, X.train.inter, X.valid.inter and X.test.inter hold
// its parts; the first row of a user in the last two is the target (split.h). X.item holds item_id and title
// if there are titles. Times are in whole units. Reading the folder gives the same users, items, sequences,
// split and titles.
//
// The folder appears only when it is complete. Throws ag::InputError if it exists already.
void write_interactions(const nn::Path& folder, const Interactions& data);

// items.tsv: the item of each row of an item table. Columns row, item_id, title; tabs and line breaks in a
// title become blanks.
void write_items(const nn::Path& file, const Interactions& data);

}  // namespace p2rec
