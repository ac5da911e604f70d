// 07 Embeddings and GRU4Rec: what do vectors for users and items learn, and what does the order of items add?
//
//   matrix factorisation  score(u,i) = p_u . q_i
//   BPR                   loss = -log sigmoid(score(u,i) - score(u,j)),  i taken by u, j not
//   GRU4Rec               h_t = GRU(h_{t-1}, q_{i_t}),  score(i) = W h_t . q_i
//
// Rendle et al. 2009 (BPR), Hidasi et al. 2016 (GRU4Rec). The first knows which items a user has, the second
// in which order; it needs no vector for the user, so it can serve one whom it has never seen.
//
// New: embedding tables, negatives, packed sequences, recurrence. Needs: 05, 06. Takes 2 s.
// --data FILE trains on your own data. Read beside it: models/recommenders/gru4rec.h, autograd/offsets.h.
#include <cmath>
#include <span>

#include "autograd/ops.h"
#include "models/recommenders/gru4rec.h"
#include "models/recommenders/popularity.h"
#include "nn/optim.h"
#include "p2rec/data/load_data.h"
#include "p2rec/evaluation/known_truth.h"
#include "p2rec/training/train_recommender.h"
#include "tutorials/figures.h"

namespace {

using ag::Tensor;
using lesson::check, lesson::largest_difference, lesson::normal;
using p2rec::Interactions, p2rec::Target;

// --- 1. Matrix factorisation with BPR

struct Factors {
  Tensor users, items;  // (U,d), (V,d)
};

// All (user, item) of the training parts: the order does not matter here, and is lost.
struct Pairs {
  std::vector<int32_t> users, items;
};
Pairs training_pairs(const Interactions& data) {
  Pairs pairs;
  for (int64_t u = 0; u < data.users(); ++u) {
    for (const int32_t item : p2rec::training_part(data, u)) {
      pairs.users.push_back(static_cast<int32_t>(u));
      pairs.items.push_back(item);
    }
  }
  return pairs;
}

// The mean of -log sigmoid(p_u . (q_i - q_j)) over a batch: softplus(-x) = -log sigmoid(x). It wants an
// order, not for a score: what counts is that a taken item is above one that was not.
Tensor bpr_loss(const Factors& f, const Tensor& u, const Tensor& i, const Tensor& j) {
  const Tensor p = ag::embedding(f.users, u);  // (B,d)
  const Tensor q = ag::sub(ag::embedding(f.items, i), ag::embedding(f.items, j));
  return ag::mean(ag::softplus(ag::scale(ag::sum_columns(ag::mul(p, q)), -1)));
}

// Each chosen pair with an item that its user has not taken, drawn evenly: the negative.
struct Triples {
  Tensor users, taken, negatives;  // (B) I32
};
Triples triples_of(const Interactions& data, const Pairs& pairs, std::span<const int32_t> chosen,
                   const ag::RandomKey& key) {
  std::vector<int32_t> users, taken, negatives;
  uint64_t draws = 0;
  for (const int32_t n : chosen) {
    users.push_back(pairs.users[size_t(n)]);
    taken.push_back(pairs.items[size_t(n)]);
    const p2rec::Sequence has = p2rec::training_part(data, users.back());
    int32_t item = taken.back();
    while (std::ranges::find(has, item) != has.end())
      item = int32_t(ag::random_below(key, draws++, uint32_t(data.items())));
    negatives.push_back(item);
  }
  return {Tensor::from_ints(users), Tensor::from_ints(taken), Tensor::from_ints(negatives)};
}

// Returns the loss of each epoch.
std::vector<double> train_bpr(const Factors& f, const Interactions& data, int epochs, uint64_t seed) {
  constexpr size_t kBatch = 512;
  const Pairs pairs = training_pairs(data);
  nn::Adam adam({{"users", f.users}, {"items", f.items}}, {.lr = 5e-3, .weight_decay = 0.1});
  std::vector<double> losses;
  for (int epoch = 0; epoch < epochs; ++epoch) {
    const ag::RandomKey order_key{seed, uint32_t(epoch), ag::stream("bpr order")};
    const std::vector<int32_t> order = ag::random_permutation(order_key, int32_t(pairs.users.size()));
    double sum = 0;
    for (size_t begin = 0; begin < order.size(); begin += kBatch) {
      const auto chosen = std::span(order).subspan(begin, std::min(kBatch, order.size() - begin));
      const ag::RandomKey key{seed, uint32_t(adam.steps()), ag::stream("bpr negatives")};
      const Triples batch = triples_of(data, pairs, chosen, key);
      const Tensor loss = bpr_loss(f, batch.users, batch.taken, batch.negatives);
      adam.zero_grad();
      ag::backward(loss);
      adam.step();
      sum += loss.item() * double(chosen.size());
    }
    losses.push_back(sum / double(order.size()));
  }
  return losses;
}

// Here a user is a row of a table, not a history, so the library's ranking of histories is called by hand.
std::vector<int64_t> ranks_of(const Factors& f, const Interactions& data) {
  const ag::NoGrad no_grad;
  std::vector<int64_t> ranks;
  for (const int64_t u : p2rec::ranked_users(data, Target::Test)) {
    const Tensor scores = ag::matmul(f.users.rows(u, u + 1), f.items, false, true);  // (1,V)
    ranks.push_back(p2rec::rank_of_target({scores.data(), size_t(scores.numel())},
                                          p2rec::target_item(data, u, Target::Test),
                                          p2rec::target_history(data, u, Target::Test)));
  }
  return ranks;
}

std::string name_of(const Interactions& data, int32_t item) {
  return data.titles.empty() ? data.item_ids[size_t(item)] : data.titles[size_t(item)];
}

// --- 2. A GRU over packed sequences

void show_packing(uint64_t seed) {
  // Three histories of 4, 1 and 2 items, end to end. offsets say where each begins; no row is padding.
  const nn::Packed packed = nn::pack({{7, 3, 5, 3}, {2}, {6, 7}});
  fmt::print("  ids       {}\n  offsets   {}\n", ag::to_string(packed.ids),
             ag::to_string(packed.offsets.tensor()));
  const int64_t d = 3, G = 5;
  const Tensor table = normal("table", {8, d}, seed), x = ag::embedding(table, packed.ids);  // (N,d), N = 7
  // The GRU has three gates of G numbers; ops.h has their formulas.
  const Tensor w_ih = normal("w_ih", {3 * G, d}, seed), w_hh = normal("w_hh", {3 * G, G}, seed);
  const Tensor h = ag::gru(x, w_ih, w_hh, {}, {}, packed.offsets);  // (N,G)
  double apart = 0;
  for (int64_t b = 0; b < packed.offsets.sequences(); ++b) {
    const int64_t begin = packed.offsets.at(b), end = packed.offsets.at(b + 1);
    const ag::Offsets one({static_cast<int32_t>(end - begin)});
    apart = std::max(
        apart, largest_difference(ag::gru(x.rows(begin, end), w_ih, w_hh, {}, {}, one), h.rows(begin, end)));
  }
  check(apart < 1e-6, "packed: each sequence has the states that it has on its own");
  check(largest_difference(h, ag::gru_composed(x, w_ih, w_hh, {}, {}, packed.offsets)) < 1e-5,
        "fused: the same as from plain ops, token by token");
}

double show(const char* name, const p2rec::Metrics& metrics) {
  const double ndcg = metrics.at("NDCG@10");
  fmt::print("  {:<24} {:.4f}  {:.4f}  {}\n", name, metrics.at("HR@10"), ndcg, lesson::bar(5 * ndcg, 30));
  return ndcg;
}

void chapter(const lesson::Options& options) {
  const Interactions data = p2rec::load_data(options.data);

  lesson::heading("1. Matrix factorisation with BPR");
  const int64_t d = 32;
  const Factors factors{normal("users", {data.users(), d}, options.seed, 0.1).set_requires_grad(),
                        normal("items", {data.items(), d}, options.seed, 0.1).set_requires_grad()};
  const int epochs = options.quick ? 10 : 40;
  const std::vector<double> losses = train_bpr(factors, data, epochs, options.seed);
  for (int e = 0; e < epochs; e += std::max(1, epochs / 10))
    fmt::print("  epoch {:3}  loss {:.4f}  {}\n", e + 1, losses[size_t(e)], lesson::bar(losses[size_t(e)]));
  lesson::lines(options, "bpr", "Matrix factorisation learns an order", "epoch", "loss",
                {{"", lesson::numbered(losses)}});
  // Before anything is learned both scores are equal, and -log sigmoid(0) = log 2.
  check(losses.front() < 0.75, "it begins near log 2 = 0.69");
  check(losses.back() < losses.front(), "the loss falls");

  // Nobody has said which items are alike. Items that the same users take get vectors in the same direction.
  const int32_t item = 0;
  std::vector<std::string> near;
  for (const int32_t other : p2rec::nearest_items(factors.items, item, 4))
    near.push_back(name_of(data, other));
  fmt::print("  nearest to '{}': {}\n", name_of(data, item), fmt::join(near, ", "));
  // What the vectors know of the hidden groups grows with d and the epochs.
  if (data.truth) {
    const double share = p2rec::neighbours_of_group(factors.items, data.truth->item_group);
    fmt::print("  of an item's nearest neighbours {:.2f} are of its own hidden group, by chance 0.12\n",
               share);
  }

  lesson::heading("2. Packed sequences");
  show_packing(options.seed);

  lesson::heading("3. GRU4Rec");
  p2rec::RecommenderConfig config;
  models::Gru4recConfig gru;
  gru.hidden = 32;
  gru.gru_hidden = 64;
  config.model = gru;
  config.lr = 3e-3;
  config.max_epochs = options.quick ? 6 : 100;
  config.patience = 8;
  config.seed = options.seed;
  fmt::print("  {}\n", p2rec::training_text(data, config));
  const p2rec::Recommender gru4rec = p2rec::train_from({}, data, config);
  for (size_t e = 0; e < gru4rec.validation.size(); e += std::max<size_t>(1, gru4rec.validation.size() / 8))
    fmt::print("  epoch {:3}  validation NDCG@10 {:.4f}  {}\n", e + 1, gru4rec.validation[e],
               lesson::bar(5 * gru4rec.validation[e], 30));
  // The same items in another order: to matrix factorisation the same user, to a GRU another one.
  const auto sequence =
      p2rec::target_history(data, p2rec::ranked_users(data, Target::Test).front(), Target::Test);
  const std::vector<int32_t> forward(sequence.begin(), sequence.end()),
      backward(sequence.rbegin(), sequence.rend());
  const auto& model = *gru4rec.model;
  const double moved =
      largest_difference(model.scores(model.pack({forward})), model.scores(model.pack({backward})));
  check(moved > 1e-3, "a history read backwards gets other scores: the order counts");

  lesson::heading("4. HR@10 and NDCG@10");
  const models::Popularity popularity(p2rec::item_counts(data, p2rec::CountedPart::Training));
  show("popularity", p2rec::evaluate(popularity, data));
  // Its loss fell, but that is the loss of training pairs, and here it ranks below popularity. On MovieLens
  // 100K (--data) it ranks above it.
  show("matrix factorisation", p2rec::metrics_from_ranks(ranks_of(factors, data)));
  const double ndcg = show("GRU4Rec", p2rec::evaluate(model, data));
  // By chance: 1 / V of the sum of 1 / log2(rank + 2) over ten ranks, which is 4.54. With few items chance is
  // good, and of few users a mean is chance itself.
  const double chance = 4.54 / double(data.items());
  if (chance < 0.05 && p2rec::ranked_users(data, Target::Test).size() >= 100)
    check(ndcg > 2 * chance, "GRU4Rec is more than twice as good as chance");
  fmt::print(
      "\nNext: a GRU squeezes a history into one vector, step by step. 08 looks at all of it at once.\n");
}

}  // namespace

int main(int argc, char** argv) { return lesson::run(argc, argv, {"--data"}, chapter); }
