#include "p2rec/methods/llm2llm/users.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "p2rec/data/text_file.h"

namespace p2rec {

TextPair text_of(Sequence items, const Interactions& data) {
  std::string text;
  for (const int32_t item : items)
    text += (text.empty() ? "" : "\t") + data.item_ids[static_cast<size_t>(item)];
  return {text, ""};
}

std::vector<int32_t> items_of(const TextPair& text, const Interactions& data) {
  std::map<std::string_view, int32_t> index;
  for (size_t i = 0; i < data.item_ids.size(); ++i) index[data.item_ids[i]] = static_cast<int32_t>(i);
  std::vector<std::string_view> ids;
  split_at("\t", text.input, ids);
  std::vector<int32_t> items;
  for (const std::string_view id : ids) items.push_back(index.at(id));
  return items;
}

std::vector<int32_t> sub_sequence(Sequence items, const ag::RandomKey& key) {
  std::vector<int32_t> places = ag::random_permutation(key, static_cast<int32_t>(items.size()));
  places.resize((items.size() + 1) / 2);
  std::ranges::sort(places);
  std::vector<int32_t> half;
  for (const int32_t place : places) half.push_back(items[static_cast<size_t>(place)]);
  return half;
}

Interactions with_sequences(const Interactions& data, const std::vector<std::vector<int32_t>>& sequences) {
  Interactions result;
  result.item_ids = data.item_ids;
  result.titles = data.titles;
  result.source = data.source;
  const auto add = [&](const std::string& id, Sequence items) {
    const auto length = static_cast<int32_t>(items.size());
    result.user_ids.push_back(id);
    result.sequences.emplace_back(items.begin(), items.end());
    result.parts.push_back({length, length});
  };
  for (const int64_t user : split_users(data).heldout)
    add(data.user_ids[static_cast<size_t>(user)], training_part(data, user));
  int64_t number = 0;
  for (const std::vector<int32_t>& items : sequences) {
    std::string id;
    do id = "sequence " + std::to_string(number++);
    while (held_out(id));  // the id decides
    add(id, items);
  }
  return result;
}

std::vector<bool> not_hard(const std::vector<double>& errors, double share) {
  std::vector<size_t> order(errors.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, std::greater(), [&](size_t user) { return errors[user]; });
  const auto hard = std::max<size_t>(1, static_cast<size_t>(std::lround(share * double(errors.size()))));
  std::vector<bool> right(errors.size(), true);
  for (size_t i = 0; i < std::min(hard, order.size()); ++i) right[order[i]] = false;
  return right;
}

}  // namespace p2rec
