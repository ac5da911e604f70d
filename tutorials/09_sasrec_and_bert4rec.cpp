// 09 SASRec and BERT4Rec: what does a transformer predict, and what may it see while it does?
//
//   SASRec    h_t sees i_1 .. i_t       and predicts i_{t+1}, at every place of a history
//   BERT4Rec  h_t sees the whole window and predicts i_t where i_t was replaced by [mask]
//   both      score(i) = h . e_i,       loss = mean of -log softmax(scores)[target]
//
// The same block, another mask, another task. SASRec (Kang and McAuley 2018) learns from every item in one
// pass. BERT4Rec (Sun et al. 2019) looks to both sides, but learns only from the items that it hides, one in
// five here, so it needs more epochs: several published comparisons stopped it too early (Petrov and
// Macdonald 2022).
//
// New: the transformer block, next-item and masked-item training, early stopping. Needs: 07, 08. Takes 5 s.
// --data FILE trains on your own data.
// Read beside it: models/recommenders/sasrec.h, bert4rec.h and transformer_block.cpp.
#include <cmath>
#include <map>

#include "autograd/ops.h"
#include "models/recommenders/bert4rec.h"
#include "models/recommenders/popularity.h"
#include "models/recommenders/sasrec.h"
#include "p2rec/data/load_data.h"
#include "p2rec/training/train_recommender.h"
#include "tutorials/figures.h"

namespace {

using ag::Tensor;
using lesson::check, lesson::largest_difference, lesson::normal;
using p2rec::Interactions, p2rec::Target;

// --- 1. SASRec as one function of its parameters

// x (N,C): the items of all histories end to end. Two branches, each with a norm in front and a path around
// it: along that path gradients reach the first layer as they were at the last, so blocks can be stacked.
Tensor sasrec(const nn::NamedTensors& parameters, const models::SasrecConfig& config,
              const nn::Packed& batch) {
  const std::map<std::string, Tensor> by_name(parameters.begin(), parameters.end());
  const auto p = [&](const std::string& name) { return by_name.at(name); };
  const int64_t N = batch.ids.numel(), C = config.hidden, H = config.heads;
  const auto norm = [&](const Tensor& x, const std::string& name) {
    return ag::layer_norm(x, p(name + ".weight"), p(name + ".bias"), 1e-5);
  };
  const auto linear = [&](const Tensor& x, const std::string& name) {
    return ag::linear(x, p(name + ".weight"), p(name + ".bias"));
  };

  // Attention does not know of places, so each place has a vector of its own, added to the item's.
  Tensor x = ag::add(ag::embedding(p("item_embedding.weight"), batch.ids),
                     ag::embedding(p("position_embedding.weight"), batch.positions));
  for (int64_t layer = 0; layer < config.blocks; ++layer) {
    const std::string block = fmt::format("layers.{}.", layer);
    // q, k and v are three slices of one product; each is cut into H heads of C / H columns, (N,H,D).
    const Tensor qkv = ag::linear(norm(x, block + "norm1"), p(block + "self_attn.in_proj_weight"),
                                  p(block + "self_attn.in_proj_bias"));
    const auto heads = [&](int64_t i) {
      return ag::reshape(ag::slice(qkv, 1, i * C, (i + 1) * C), {N, H, C / H});
    };
    const Tensor seen =
        ag::attention(heads(0), heads(1), heads(2), batch.offsets, batch.offsets, ag::Mask::Causal);
    x = ag::add(x, linear(ag::reshape(seen, {N, C}), block + "self_attn.out_proj"));
    // Attention mixes places; this mixes the columns of each place.
    x = ag::add(x, linear(ag::relu(linear(norm(x, block + "norm2"), block + "linear1")), block + "linear2"));
  }
  return norm(x, "norm");  // (N,C)
}

// --- 2. What a training step reads and predicts

std::string place(const models::SequenceBatch& batch, int64_t row, int64_t items) {
  const int32_t id = batch.input.ids.ints()[row];
  return id == items ? "[mask]" : std::to_string(id);
}

void show_batch(const char* name, const models::SequenceBatch& batch, int64_t items) {
  std::map<int64_t, int32_t> target;  // by row
  for (int64_t i = 0; i < batch.targets.numel(); ++i)
    target[batch.rows.defined() ? batch.rows.ints()[i] : i] = batch.targets.ints()[i];
  fmt::print("  {:<9} reads    ", name);
  for (int64_t row = 0; row < batch.input.ids.numel(); ++row) fmt::print("{:>7}", place(batch, row, items));
  fmt::print("\n  {:<9} predicts ", "");
  for (int64_t row = 0; row < batch.input.ids.numel(); ++row)
    fmt::print("{:>7}", target.contains(row) ? std::to_string(target[row]) : "");
  fmt::print("\n");
}

// True if the first state changes when the last item does.
bool looks_ahead(const models::TrainableRecommender& model) {
  const ag::NoGrad no_grad;
  const auto first_state = [&](int32_t last) {
    return model.states(model.pack({{5, 2, 8, last}})).rows(0, 1);
  };
  return largest_difference(first_state(1), first_state(3)) > 0;
}

// --- 3. Training

p2rec::Recommender train(const char* name, const Interactions& data,
                         const models::AnyRecommenderConfig& model, const lesson::Options& options) {
  p2rec::RecommenderConfig config;
  config.model = model;
  config.lr = 2e-3;
  config.max_epochs = options.quick ? 6 : 200;
  config.patience = 15;
  config.seed = options.seed;
  p2rec::Recommender trained = p2rec::train_from({}, data, config);
  const auto& validation = trained.validation;
  fmt::print("  {}, validation NDCG@10\n", name);
  for (size_t e = 0; e < validation.size(); e += std::max<size_t>(1, validation.size() / 6))
    fmt::print("    epoch {:3}  {:.4f}  {}\n", e + 1, validation[e], lesson::bar(5 * validation[e], 30));
  // The weights are those of the best epoch, not of the last: see overfitting in 05.
  fmt::print("    best in epoch {} of {}\n", trained.best_epoch, trained.epochs);
  return trained;
}

double show(const char* name, const models::SequentialRecommender& model, const Interactions& data) {
  const p2rec::Metrics metrics = p2rec::evaluate(model, data);
  const double ndcg = metrics.at("NDCG@10");
  fmt::print("  {:<12} {:.4f}  {:.4f}  {}\n", name, metrics.at("HR@10"), ndcg, lesson::bar(5 * ndcg, 30));
  return ndcg;
}

void chapter(const lesson::Options& options) {
  models::SasrecConfig sasrec_config;
  models::Bert4recConfig bert4rec_config;
  bert4rec_config.variant = models::Bert4recConfig::Variant::Plain;  // masks drawn evenly, as in the paper
  // 9 items for steps 1 and 2; training takes the number from the data.
  sasrec_config.items = bert4rec_config.items = 9;
  sasrec_config.hidden = sasrec_config.inner = bert4rec_config.hidden = bert4rec_config.inner = 32;
  sasrec_config.max_length = bert4rec_config.max_length = 30;
  const models::Sasrec small(sasrec_config, options.seed);
  const models::Bert4rec small_bert(bert4rec_config, options.seed);

  lesson::heading("1. SASRec in thirty lines, beside the library's");
  const nn::Packed batch = small.pack({{1, 4, 2}, {3}, {8, 0, 1, 7, 6}});
  const double apart =
      largest_difference(sasrec(small.named_parameters(), sasrec_config, batch), small.states(batch));
  fmt::print("  {} numbers in {} parameters; states {:.1e} apart\n", small.parameter_count(),
             small.named_parameters().size(), apart);
  check(apart < 1e-5, "the same states from the same parameters");

  lesson::heading("2. One window, as each of them reads it");
  const models::Histories window{{5, 2, 8, 1, 7, 3, 0, 6}};
  const ag::RandomKey key{options.seed, 0, ag::stream("lesson 09 masks")};
  show_batch("SASRec", small.training_batch(window, key), 9);
  show_batch("BERT4Rec", small_bert.training_batch(window, key), 9);
  check(!looks_ahead(small), "SASRec: the first state does not depend on the last item");
  check(looks_ahead(small_bert), "BERT4Rec: it does, so it may only be asked for items that are masked");

  lesson::heading("3. Training until validation stops rising");
  const Interactions data = p2rec::load_data(options.data);
  const p2rec::Recommender causal = train("SASRec", data, sasrec_config, options);
  const p2rec::Recommender masked = train("BERT4Rec", data, bert4rec_config, options);

  lesson::lines(
      options, "validation", "Validation by epoch", "epoch", "NDCG@10",
      {{"SASRec", lesson::numbered(causal.validation)}, {"BERT4Rec", lesson::numbered(masked.validation)}});

  lesson::heading("4. HR@10 and NDCG@10 of the test items, among all items");
  const models::Popularity popularity(p2rec::item_counts(data, p2rec::CountedPart::Training));
  const double chance = 4.54 / double(data.items());  // the sum of 1 / log2(rank + 2) over ten ranks, by V
  show("popularity", popularity, data);
  const double of_sasrec = show("SASRec", *causal.model, data),
               of_bert4rec = show("BERT4Rec", *masked.model, data);
  // Among few items chance is good, and of few users a mean is chance itself.
  if (chance < 0.05 && p2rec::ranked_users(data, Target::Test).size() >= 100) {
    check(of_sasrec > 2 * chance, "SASRec is more than twice as good as chance");
    check(of_bert4rec > 2 * chance, "BERT4Rec is more than twice as good as chance");
  }
  fmt::print("  One seed and one data set: 17 says when a difference means something.\n");
  fmt::print("\nNext: items here are numbers. To read their titles a model needs tokens: 10.\n");
}

}  // namespace

int main(int argc, char** argv) { return lesson::run(argc, argv, {"--data"}, chapter); }
