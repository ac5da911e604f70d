// Interactions as RecBole's atomic files (table.h), for other programs and to read again.
#pragma once

#include "nn/io/files.h"
#include "p2rec/data/interactions.h"

namespace p2rec {

// Makes the folder X with X.inter: user_id, item_id, timestamp and rating where there are some, each user's rows in order. Where
// the split is not leave-one-out, X.train.inter, X.valid.inter and X.test.inter hold its parts: the first of a user's rows in the
// last two is the target (split.h). X.item holds item_id and title where there are titles. Times are in whole units. Reading the
// folder again gives the same users, items, sequences, split and titles.
//
// The folder is there whole or not at all. Throws ag::InputError if it is there already.
void write_interactions(const nn::Path& folder, const Interactions& data);

// items.tsv: which item each row of an item table is. The columns row, item_id, title; tabs and line breaks
// in a title become blanks.
void write_items(const nn::Path& file, const Interactions& data);

}  // namespace p2rec
