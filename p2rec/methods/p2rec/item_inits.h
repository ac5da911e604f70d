// Step 6 of P2Rec: the item inits that are compared.
//
//   random          random numbers
//   p2rec           the enhanced embeddings
//   p2rec_shuffled  the same rows, shuffled over the items: the gain must vanish, for it comes from meaning
//   llm_untuned     the embeddings without step 4
//   teacher         the teacher's own item table: what the language model adds to it
//   groups          a random code per group: what k-means alone gives
#pragma once

#include "p2rec/methods/common/item_init.h"

namespace p2rec {

const ItemInits& p2rec_inits();

}  // namespace p2rec
