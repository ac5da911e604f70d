#include "p2rec/run/memory_estimate.h"

#include <algorithm>

#include "autograd/ops.h"
#include "autograd/rng.h"
#include "models/recommenders/gru4rec.h"
#include "models/recommenders/transformer_block.h"
#include "nn/system/memory.h"

namespace p2rec {
namespace {

// The allocator rounds sizes up, and blocks that it keeps free do not always serve the next request.
constexpr double kRounding = 1.1;
constexpr int64_t kEpochsLookedAt = 20;

int64_t bytes_of(double reals) { return static_cast<int64_t>(reals * sizeof(ag::real) * kRounding); }

// The largest batch in [1, batch) whose memory `bytes(batch)` fits into `available`; 0 if none does. A thirty-second is left
// free: another call of the program finds a little more or less.
template <class Bytes>
int64_t largest_batch_that_fits(int64_t batch, int64_t available, const Bytes& bytes) {
  int64_t fits = bytes(1) <= available, too_large = batch;
  while (too_large - fits > 1) {
    const int64_t middle = fits + (too_large - fits) / 2;
    (bytes(middle) <= available - available / 32 ? fits : too_large) = middle;
  }
  return fits;
}

}  // namespace

int64_t most_tokens_of_a_batch(const std::vector<int64_t>& lengths, int64_t batch, int64_t epochs,
                               uint64_t seed, uint32_t stream) {
  const auto count = static_cast<int64_t>(lengths.size());
  int64_t most = 0;
  for (int64_t epoch = 0; epoch < std::min(epochs, kEpochsLookedAt); ++epoch) {
    const std::vector<int32_t> order =
        ag::random_permutation({seed, static_cast<uint32_t>(epoch), stream}, static_cast<int32_t>(count));
    for (int64_t begin = 0; begin < count; begin += batch) {
      int64_t tokens = 0;
      for (int64_t i = begin; i < std::min(begin + batch, count); ++i)
        tokens += lengths[static_cast<size_t>(order[static_cast<size_t>(i)])];
      most = std::max(most, tokens);
    }
  }
  return most;
}

// --- fine-tuning the language model ----------------------------------------------------------------------------

int64_t fine_tuning_memory(const models::LlamaConfig& llm, const ReconstructionConfig& config,
                           int64_t item_tokens, int64_t groups, int64_t tokens) {
  const auto C = static_cast<double>(llm.hidden), F = static_cast<double>(llm.intermediate),
             KV = static_cast<double>(llm.kv_heads * llm.head_size()), H = static_cast<double>(llm.heads),
             L = static_cast<double>(llm.layers), r = static_cast<double>(config.finetune.lora.rank);
  // Weight, gradient and two moments of all that is trained.
  const double adapters = L * r * (9 * C + 2 * KV + 3 * F);  // A and B of q, k, v, o, gate, up, down
  const double trained =
      adapters + static_cast<double>(item_tokens) * C + static_cast<double>(groups) * (C + 1);
  // Of a token in one layer. A Linear with an adapter keeps three rows as wide as its output (its own, the adapter's, their
  // sum) and two of the adapter's rank; with dropout also its input. Beside them are two norms, the turned q and k, the
  // attention's result with its log-sum-exp, swiglu's result and two sums.
  double layer = 15 * C + 7 * KV + 7 * F + 14 * r + H + 2;
  if (config.finetune.lora.dropout > 0) layer += 6 * C + F;
  // Words and items gathered, joined and put in order, the final norm and its gradients; swiglu's gradients in one layer.
  const double outside = 8 * C + 3 * F;
  return bytes_of(4 * trained + static_cast<double>(tokens) * (L * layer + outside));
}

int64_t check_fine_tuning_memory(const models::LlamaConfig& llm, const ReconstructionConfig& config,
                                 int64_t item_tokens, int64_t groups, const std::vector<int64_t>& lengths,
                                 uint32_t stream) {
  const auto bytes = [&](int64_t batch) {
    return fine_tuning_memory(
        llm, config, item_tokens, groups,
        most_tokens_of_a_batch(lengths, batch, config.finetune.epochs, config.finetune.seed, stream));
  };
  const int64_t needed = bytes(config.finetune.batch), available = nn::available_memory();
  if (needed <= available) return needed;
  const int64_t fits = largest_batch_that_fits(config.finetune.batch, available, bytes);
  throw ag::InputError(
      ag::message("--sft-batch: fine-tuning with batches of ", config.finetune.batch, " users needs about ",
                  nn::memory_text(needed), " of memory beside the language model, but ",
                  nn::memory_text(available), " are available; hint: ",
                  fits > 0 ? ag::message("--sft-batch ", fits, " would fit")
                           : ag::message("not even one user at a time would fit (", nn::memory_text(bytes(1)),
                                         "); a shorter --history or a smaller model needs less")));
}

// --- embedding the items ---------------------------------------------------------------------------------------

int64_t augmentation_memory(const models::LlamaConfig& llm, int64_t items, bool item_tokens, int64_t tokens) {
  const auto C = static_cast<double>(llm.hidden), F = static_cast<double>(llm.intermediate),
             V = static_cast<double>(items);
  // Nothing is kept for a backward pass: what a layer holds at its widest place.
  return bytes_of((item_tokens ? 4 : 2) * V * C + static_cast<double>(tokens) * (8 * C + 5 * F));
}

// --- recommenders ------------------------------------------------------------------------------------------------

RecommenderBatches recommender_batches(const Interactions& data, const RecommenderConfig& config) {
  RecommenderBatches batches;
  std::vector<int64_t> lengths;
  for (const Window& window : training_windows(data, config.model->window_length(), config.windows))
    lengths.push_back(window.length - (config.model->is_causal() ? 1 : 0));
  batches.positions =
      most_tokens_of_a_batch(lengths, config.batch, config.max_epochs, config.seed, kWindowOrderStream);
  int64_t users = 0, positions = 0;
  for (int64_t u = 0; u < data.users(); ++u) {
    if (!has_targets(data, u)) continue;
    const auto history = static_cast<int64_t>(target_history(data, u, Target::Test).size());
    positions += std::min(history + (config.model->is_causal() ? 0 : 1), config.model->max_length);
    batches.ranked_users = std::max(batches.ranked_users, ++users);
    batches.ranked_positions = std::max(batches.ranked_positions, positions);
    if (users == kUsersRankedTogether) users = positions = 0;
  }
  return batches;
}

namespace {

// Counts of reals.
struct ModelCosts {
  double parameters = 0;  // all but the items' vectors
  double position = 0;    // what a training step holds for each position
  double ranked = 0;      // the same without a tape, at its widest place
  double tables = 0;      // copies of the item table that a step makes, in tables
};

ModelCosts transformer_costs(const models::TransformerConfig& m) {
  const auto T = static_cast<double>(m.max_length), C = static_cast<double>(m.hidden),
             I = static_cast<double>(m.inner), B = static_cast<double>(m.blocks),
             H = static_cast<double>(m.heads);
  ModelCosts costs;
  costs.parameters = T * C + B * (4 * C * C + 2 * C * I + 9 * C + I) + 2 * C;
  // Of a position in one block: two norms, q, k, v joined and apart, the attention's result with its log-sum-exp, its
  // projection, and the same number of rows behind the feed-forward layer; each dropout and each sum is one more.
  const double block = 13 * C + 2 * I + H + 4 + (m.dropout > 0 ? 2 * C + I : 0);
  costs.position = B * block + (m.dropout > 0 ? 9 : 8) * C;
  costs.ranked = 9 * C + 2 * I;
  if (!m.is_causal()) {  // BERT4Rec: its head and the biases; the table without the mask's row, with a column of biases
    costs.parameters += C * C + 4 * C + static_cast<double>(m.items);
    costs.position += 4 * C;
    costs.tables = 4;
  }
  return costs;
}

// Most is held in gru's backward: in time's order the input, r, z, n and the candidate's share (4G), the states; gradients of
// the result, of the states and of what enters the gates from either side (6G). The vectors' gradient comes on top.
// Ranking holds the first half of it.
ModelCosts gru_costs(const models::Gru4recConfig& m) {
  const auto C = static_cast<double>(m.hidden), G = static_cast<double>(m.gru_hidden);
  return {3 * G * (C + G) + (G + 1) * C, 2 * C + 13 * G, 3 * C + 6 * G, 0};
}

ModelCosts costs_of(const models::AnyRecommenderConfig& m) {
  if (const auto* gru = m.as<models::Gru4recConfig>()) return gru_costs(*gru);
  if (const auto* transformer = m.as<models::TransformerConfig>()) return transformer_costs(*transformer);
  return {};
}

// Of the items' given vectors and their adapter: parameters that are trained, and what a step holds for every item.
struct AdapterCosts {
  double trained = 0, held = 0;
};

AdapterCosts adapter_costs(const models::RecommenderModelConfig& m) {
  if (m.use == models::ItemsUse::Init) return {};
  const auto V = static_cast<double>(m.items), C = static_cast<double>(m.hidden),
             D = static_cast<double>(m.features);
  return {D * D / 2 + D / 2 * C + D + C, V * (2 * D + 2 * D / 2 + 3 * C)};
}

}  // namespace

int64_t recommender_memory(const RecommenderConfig& config, const RecommenderBatches& batches) {
  const models::RecommenderModelConfig& m = *config.model;
  const auto V = static_cast<double>(m.items), C = static_cast<double>(m.hidden),
             N = static_cast<double>(batches.positions), n = static_cast<double>(config.loss.negatives);
  const ModelCosts costs = costs_of(config.model);
  const AdapterCosts adapter = adapter_costs(m);
  // Weights, gradients, two moments, and the best epoch's weights.
  const double copies = config.patience > 0 ? 5 : 4;
  double items = copies * V * C * (m.tie_embeddings ? 1 : 2);
  // The start, and a second gradient of the item table until it is added to the first.
  double tables = (2 + costs.tables) * V * C;
  // Lazily: no gradient of the table; of the rows in a batch a copy, two gradients and their sum.
  if (config.lazy_adam) {
    items -= V * C;
    tables = V * C + 4 * std::min(V, config.share_negatives ? 2 * N + n : N * (2 + n)) * C;
  }
  const double state = items + copies * (costs.parameters + adapter.trained) + adapter.held;
  // Scores of the target and the negatives: their ids and labels, the scores in one and in two parts, and gradients of each.
  const auto block = static_cast<double>(ag::linear_cross_entropy_block(batches.positions, m.items));
  const double logits = config.loss.samples() ? 8 * N * (1 + n) + 2 * N * C : block * V;
  const double training = N * costs.position + logits;
  const double ranking =
      static_cast<double>(batches.ranked_users) * std::min(V, double{kItemsScoredTogether}) +
      static_cast<double>(batches.ranked_positions) * costs.ranked;
  return bytes_of(state + tables + std::max(training, ranking));
}

int64_t recommenders_that_fit(const Interactions& data, RecommenderConfig config, int64_t wanted,
                              int64_t start_bytes) {
  config.model->items = data.items();
  const auto bytes = [&](int64_t batch) {
    RecommenderConfig smaller = config;
    smaller.batch = batch;
    return start_bytes + recommender_memory(smaller, recommender_batches(data, smaller));
  };
  const int64_t needed = bytes(config.batch), available = nn::available_memory();
  if (needed <= available) return std::clamp<int64_t>(available / needed, 1, wanted);
  const int64_t fits = largest_batch_that_fits(config.batch, available, bytes);
  throw ag::InputError(ag::message(
      "--batch: training a recommender of ", data.items(), " items with batches of ", config.batch,
      " windows needs about ", nn::memory_text(needed), " of memory, but ", nn::memory_text(available),
      " are available; hint: ",
      fits > 0 ? ag::message("--batch ", fits, " would fit")
               : ag::message("not even one window at a time would fit (", nn::memory_text(bytes(1)),
                             "); a smaller --hidden or a shorter --max-length needs less")));
}

int64_t start_table_memory(int64_t items, int64_t columns) {
  // In double: the centred embeddings, their covariance, and the solver's copies of it.
  const auto V = static_cast<double>(items), C = static_cast<double>(columns);
  return static_cast<int64_t>((V * C + 4 * C * C) * sizeof(double));
}

}  // namespace p2rec
