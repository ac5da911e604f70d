#include "p2rec/llm/embed.h"

#include <cmath>

#include "nn/init.h"

namespace p2rec {

using ag::Tensor;

Tensor initial_item_tokens(const models::Llama& llm, int64_t items, uint64_t seed) {
  const Tensor table = llm.token_table().to(ag::Device::CPU);
  double squares = 0;
  for (int64_t i = 0; i < table.numel(); ++i) squares += double(table.data()[i]) * double(table.data()[i]);
  Tensor tokens = Tensor::empty({items, table.dim(1)});
  nn::normal_(tokens, std::sqrt(squares / static_cast<double>(table.numel())),
              nn::key_for("item_tokens", seed));
  return tokens.to(llm.device());
}

Tensor embed_prompt(const ItemReader& reader, const Tensor& ids) {
  if (!reader.item_tokens.defined()) return reader.llm.embed(ids);
  // Words from one table, items from the other; then `order` puts the rows back into the prompt's order.
  const auto vocabulary = static_cast<int32_t>(reader.llm.config().vocabulary);
  std::vector<int32_t> words, items;
  for (int64_t i = 0; i < ids.numel(); ++i) {
    const int32_t id = ids.ints()[i];
    if (id < vocabulary) {
      words.push_back(id);
    } else {
      items.push_back(id - vocabulary);
    }
  }
  std::vector<int32_t> order;
  auto word = int32_t{0}, item = static_cast<int32_t>(words.size());
  for (int64_t i = 0; i < ids.numel(); ++i) order.push_back(ids.ints()[i] < vocabulary ? word++ : item++);
  const Tensor rows = ag::concat({reader.llm.embed(Tensor::from_ints(words)),
                                  ag::embedding(reader.item_tokens, Tensor::from_ints(items))},
                                 0);
  return ag::embedding(rows, Tensor::from_ints(order));
}

Tensor prompt_states(const ItemReader& reader, nn::Packed x, const models::SharedPrefix* prefix) {
  if (prefix) {
    x.positions = x.positions.clone();
    for (int64_t i = 0; i < x.positions.numel(); ++i)
      x.positions.ints()[i] += static_cast<int32_t>(prefix->length);
  }
  return ag::embedding(reader.llm.hidden_states(embed_prompt(reader, x.ids), x, prefix),
                       x.offsets.last_rows());
}

}  // namespace p2rec
