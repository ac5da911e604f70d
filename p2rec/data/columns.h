// Finds the columns of users, items, times, ratings and labels in a table.
//
// A column that DataConfig names comes first. The second choice is RecBole's own name, or Amazon's
// parent_asin: user_id, item_id, parent_asin, timestamp, rating, label. The third is one of these names, in
// any case and with or without _, - and blanks:
//
//   user    user, user id, uid, reviewer id, session, session id, visitor id, customer id, member id
//   item    item, item id, iid, movie, movie id, asin, product, product id, isbn, book id, artist id, track
//           id, song id, news id,
//           video id, business id
//   time    time, timestamp, unix time, unix review time, ts
//   rating  rating, overall, score, stars
//   label   label
//
// If two columns are equally good, the file is refused with an error that names both. A list of items is a
// column item_id_list, or a column of items with RecBole's type token_seq.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "p2rec/data/data_config.h"

namespace p2rec {

struct Column {
  std::string name, type;  // type: only in RecBole's atomic files, token, token_seq, float or float_seq
};

enum class Role : uint8_t { User, Item, Time, Rating, Label };

// True if the name is a usual one for users or items.
bool names_an_id(std::string_view column);

// A column's index, or -1 if there is none. `place` is the beginning of error messages. Throws ag::InputError
// if the configuration names a column that the table lacks, or if several columns are equally good.
int find_column(const std::vector<Column>& columns, Role role, const DataConfig& config,
                const std::string& place);
int find_item_list(const std::vector<Column>& columns);

// "'a', 'b'"
std::string quoted_names(const std::vector<Column>& columns);

}  // namespace p2rec
