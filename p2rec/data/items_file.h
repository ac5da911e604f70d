// items.tsv: which item each row of an item table is.
#pragma once

#include "nn/io/files.h"
#include "p2rec/data/interactions.h"

namespace p2rec {

// The columns row, item_id, title; tabs and line breaks in a title become blanks.
void write_items(const nn::Path& file, const Interactions& data);

}  // namespace p2rec
