#include "p2rec/llm/embed.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "autograd/ops.h"
#include "nn/init.h"

namespace p2rec {

using ag::Tensor;

namespace {

// The mean (B,C) of each sequence's rows (N,C), as the product with a constant matrix (B,N).
Tensor averages(const Tensor& states, const ag::Offsets& offsets) {
  Tensor weights = Tensor::zeros({offsets.sequences(), offsets.rows()});
  for (int64_t b = 0; b < offsets.sequences(); ++b) {
    const int64_t begin = offsets.at(b), end = offsets.at(b + 1);
    ag::real* row = weights.rows(b, b + 1).data();
    std::fill(row + begin, row + end, ag::real{1} / static_cast<ag::real>(end - begin));
  }
  return ag::matmul(weights.to(states.device()), states);
}

}  // namespace

double token_rms(const models::Llama& llm) {
  const Tensor table = llm.token_table().to(ag::Device::CPU).widened();
  double squares = 0;
  for (int64_t i = 0; i < table.numel(); ++i) squares += double(table.data()[i]) * double(table.data()[i]);
  return std::sqrt(squares / static_cast<double>(table.numel()));
}

Tensor initial_item_tokens(const models::Llama& llm, int64_t items, uint64_t seed) {
  Tensor tokens = Tensor::empty({items, llm.config().hidden});
  nn::normal_(tokens, token_rms(llm), nn::key_for("item_tokens", seed));
  return tokens.to(llm.device());
}

Tensor embed_prompt(const ItemReader& reader, const Tensor& ids) {
  if (!reader.item_tokens.defined()) return reader.llm.embed(ids);
  // Looks up words in one table and items in the other; then `order` restores the prompt's order.
  const auto vocabulary = static_cast<int32_t>(reader.llm.config().vocabulary);
  std::vector<int32_t> words, items;
  for (int64_t i = 0; i < ids.numel(); ++i) {
    const int32_t id = ids.ints()[i];
    id < vocabulary ? words.push_back(id) : items.push_back(id - vocabulary);
  }
  std::vector<int32_t> order;
  auto word = int32_t{0}, item = static_cast<int32_t>(words.size());
  for (int64_t i = 0; i < ids.numel(); ++i) order.push_back(ids.ints()[i] < vocabulary ? word++ : item++);
  const Tensor rows = ag::concat({reader.llm.embed(Tensor::from_ints(words)),
                                  ag::embedding(reader.item_tokens, Tensor::from_ints(items))},
                                 0);
  return ag::embedding(rows, Tensor::from_ints(order));
}

nn::Packed after_prefix(nn::Packed x, const models::SharedPrefix& prefix) {
  x.positions = x.positions.clone();
  for (int64_t i = 0; i < x.positions.numel(); ++i)
    x.positions.ints()[i] += static_cast<int32_t>(prefix.length);
  return x;
}

Tensor prompt_states(const ItemReader& reader, nn::Packed x, const models::SharedPrefix* prefix) {
  if (prefix) x = after_prefix(std::move(x), *prefix);
  const Tensor embedded = embed_prompt(reader, x.ids);
  if (reader.pooling == Pooling::Last) return reader.llm.last_states(embedded, x, prefix);
  AG_CHECK(!prefix, "prompt_states: average pooling has no shared prefix, whose tokens it would leave out");
  return averages(reader.llm.hidden_states(embedded, x), x.offsets);
}

std::vector<int64_t> embedding_batches(int64_t items, const PromptOfItem& prompt_of) {
  std::vector<int64_t> begins = {0};
  int64_t tokens = 0;  // of the last batch
  for (int64_t item = 0; item < items; ++item) {
    const int64_t length = std::ssize(prompt_of(item));
    if (tokens > 0 && tokens + length > kTokensEmbeddedTogether) {
      begins.push_back(item);
      tokens = 0;
    }
    tokens += length;
  }
  begins.push_back(items);
  return begins;
}

Tensor embed_items(const ItemReader& reader, int64_t items, const PromptOfItem& prompt_of,
                   const models::SharedPrefix* prefix, const Task& task) {
  const ag::NoGrad no_grad;
  const ag::Communicator& ranks = task.ranks();
  const std::vector<int64_t> begins = embedding_batches(items, prompt_of);
  Tensor table = Tensor::zeros({items, reader.llm.config().hidden});
  int64_t done = 0;
  if (const auto saved = task.resume()) {
    table.copy_from(saved->at("table"));
    done = std::stoll(saved->metadata.at("done"));
  }
  while (done < items) {
    const auto first = std::ranges::lower_bound(begins, done);
    const auto begin_of = [&](int64_t rank) { return *std::min(first + rank, begins.end() - 1); };
    std::vector<std::vector<int32_t>> prompts;
    for (int64_t item = begin_of(ranks.rank()); item < begin_of(ranks.rank() + 1); ++item)
      prompts.push_back(prompt_of(item));
    const Tensor states =
        prompts.empty() ? table.rows(0, 0).clone() : prompt_states(reader, nn::pack(prompts), prefix);
    const int64_t begin = std::exchange(done, begin_of(ranks.size()));
    table.rows(begin, done).copy_from(ranks.all_gather(states));
    if (task.progress(double(done) / double(items))) task.show(fmt::format("{} of {} items", done, items));
    if (task.save_due()) task.save(done - 1, {{"table", table}}, {{"done", std::to_string(done)}});
    task.check_stop();
  }
  task.finish(counted(items, "item"));
  return table;
}

}  // namespace p2rec
