// A small SASRec with or without its causal mask, and histories to train it on. Given in exercise 09c.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <vector>

#include "autograd/ops.h"
#include "nn/init.h"
#include "nn/optim.h"
#include "nn/packed.h"

namespace exercise::n09c {

using ag::Mask, ag::Tensor;
using Items = std::vector<int32_t>;
using Histories = std::vector<Items>;
// Items (T) -> scores (T,V): row t scores all items as the one after place t.
using Model = std::function<Tensor(const Items&)>;

constexpr int32_t kItems = 24;

// Histories of 8 items. After an item comes its successor with probability 0.6, otherwise any item.
inline Histories some_histories(int64_t count, uint64_t seed) {
  const ag::RandomKey key = nn::key_for("histories", seed);
  Histories histories;
  uint64_t draws = 0;
  for (int64_t u = 0; u < count; ++u) {
    Items items{int32_t(ag::random_below(key, draws++, kItems))};
    while (items.size() < 8) {
      const bool follows = ag::random_uniform(key, draws++) < 0.6;
      const int32_t any = int32_t(ag::random_below(key, draws++, kItems));
      items.push_back(follows ? (items.back() + 1) % kItems : any);
    }
    histories.push_back(items);
  }
  return histories;
}

// A small SASRec: one block with one head, trained to predict the next item at every place.
inline Model train(Mask mask, const Histories& histories, uint64_t seed) {
  const int64_t C = 24;
  nn::NamedTensors weights;
  const auto parameter = [&](const char* name, int64_t rows) {
    const Tensor w = Tensor::empty({rows, C});
    nn::normal_(w, 0.2, nn::key_for(name, seed));
    weights.emplace_back(name, w);
    return weights.back().second.set_requires_grad();
  };
  const Tensor items = parameter("items", kItems), places = parameter("places", 8),
               targets = parameter("targets", kItems), w_q = parameter("q", C), w_k = parameter("k", C),
               w_v = parameter("v", C);
  const auto scores = [=](const nn::Packed& x) {  // (N,V)
    const int64_t N = x.ids.numel();
    const Tensor e = ag::add(ag::embedding(items, x.ids), ag::embedding(places, x.positions));
    const auto head = [&](const Tensor& w) { return ag::reshape(ag::linear(e, w), {N, 1, C}); };
    const Tensor seen = ag::attention(head(w_q), head(w_k), head(w_v), x.offsets, x.offsets, mask);
    return ag::linear(ag::add(e, ag::reshape(seen, {N, C})), targets);
  };
  Items next;
  for (const Items& history : histories) {
    next.insert(next.end(), history.begin() + 1, history.end());
    next.push_back(-1);  // the last place has no target
  }
  nn::Adam adam(weights, {.lr = 0.03});
  for (int step = 0; step < 60; ++step) {
    adam.zero_grad();
    ag::backward(ag::cross_entropy(scores(nn::pack(histories)), Tensor::from_ints(next)));
    adam.step();
  }
  return [scores](const Items& history) {
    const ag::NoGrad no_grad;
    return scores(nn::pack({history}));
  };
}

// The item with the largest score in row t of scores (T,V).
inline int32_t best_item(const Tensor& scores, int64_t t) {
  const ag::real* row = scores.data() + t * scores.dim(1);
  return int32_t(std::max_element(row, row + scores.dim(1)) - row);
}

}  // namespace exercise::n09c
