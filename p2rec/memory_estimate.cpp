#include "p2rec/memory_estimate.h"

#include <algorithm>

#include "autograd/ops.h"
#include "autograd/rng.h"
#include "nn/memory.h"

namespace p2rec {
namespace {

// The allocator rounds sizes up, and blocks that it keeps free do not always serve the next request.
constexpr double kRounding = 1.1;
constexpr int64_t kEpochsLookedAt = 20;

int64_t bytes_of(double reals) { return static_cast<int64_t>(reals * sizeof(ag::real) * kRounding); }

// The largest batch in [1, batch) whose memory `bytes(batch)` fits into `available`; 0 if none does.
template <class Bytes>
int64_t largest_batch_that_fits(int64_t batch, int64_t available, const Bytes& bytes) {
  int64_t fits = 0, too_large = batch;
  while (too_large - fits > 1) {
    const int64_t middle = fits + (too_large - fits) / 2;
    (bytes(middle) <= available ? fits : too_large) = middle;
  }
  return fits;
}

}  // namespace

int64_t most_tokens_of_a_batch(const std::vector<int64_t>& lengths, int64_t batch, int64_t epochs,
                               uint64_t seed, uint32_t site) {
  const auto count = static_cast<int64_t>(lengths.size());
  int64_t most = 0;
  for (int64_t epoch = 0; epoch < std::min(epochs, kEpochsLookedAt); ++epoch) {
    const std::vector<int32_t> order =
        ag::random_permutation({seed, static_cast<uint32_t>(epoch), site}, static_cast<int32_t>(count));
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

int64_t fine_tuning_memory(const models::LlamaConfig& llm, const SftConfig& config, int64_t item_tokens,
                           int64_t groups, int64_t tokens) {
  const auto C = static_cast<double>(llm.hidden), F = static_cast<double>(llm.intermediate),
             KV = static_cast<double>(llm.kv_heads * llm.head_size()), H = static_cast<double>(llm.heads),
             L = static_cast<double>(llm.layers), r = static_cast<double>(config.lora.rank);
  // Weight, gradient and two moments of all that is trained.
  const double adapters = L * r * (9 * C + 2 * KV + 3 * F);  // A and B of q, k, v, o, gate, up, down
  const double trained =
      adapters + static_cast<double>(item_tokens) * C + static_cast<double>(groups) * (C + 1);
  // Of a token in one layer. A Linear with an adapter keeps three rows as wide as its output (its own, the adapter's, their
  // sum) and two of the adapter's rank; with dropout also its input. Beside them are two norms, the turned q and k, the
  // attention's result with its log-sum-exp, swiglu's result and two sums.
  double layer = 15 * C + 7 * KV + 7 * F + 14 * r + H + 2;
  if (config.lora.dropout > 0) layer += 6 * C + F;
  // Words and items gathered, joined and put in order, the final norm and its gradients; swiglu's gradients in one layer.
  const double outside = 8 * C + 3 * F;
  return bytes_of(4 * trained + static_cast<double>(tokens) * (L * layer + outside));
}

int64_t check_fine_tuning_memory(const models::LlamaConfig& llm, const SftConfig& config, int64_t item_tokens,
                                 int64_t groups, const std::vector<int64_t>& lengths, uint32_t site) {
  const auto bytes = [&](int64_t batch) {
    return fine_tuning_memory(llm, config, item_tokens, groups,
                              most_tokens_of_a_batch(lengths, batch, config.epochs, config.seed, site));
  };
  const int64_t needed = bytes(config.batch), available = nn::available_memory();
  if (needed <= available) return needed;
  const int64_t fits = largest_batch_that_fits(config.batch, available, bytes);
  throw ag::InputError(
      ag::message("--sft-batch: fine-tuning with batches of ", config.batch, " users needs about ",
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
  for (const Window& window : training_windows(data, config.model.max_length))
    lengths.push_back(window.length - 1);
  batches.positions = most_tokens_of_a_batch(lengths, config.batch, config.max_epochs, config.seed, 0);
  int64_t users = 0, positions = 0;
  for (int64_t u = 0; u < data.users(); ++u) {
    if (!has_targets(data, u)) continue;
    const auto history = static_cast<int64_t>(target_history(data, u, Target::Test).size());
    positions += std::min(history, config.model.max_length);
    batches.ranked_users = std::max(batches.ranked_users, ++users);
    batches.ranked_positions = std::max(batches.ranked_positions, positions);
    if (users == kUsersRankedTogether) users = positions = 0;
  }
  return batches;
}

int64_t recommender_memory(const RecommenderConfig& config, const RecommenderBatches& batches) {
  const models::SasrecConfig& m = config.model;
  const auto V = static_cast<double>(m.items), T = static_cast<double>(m.max_length),
             C = static_cast<double>(m.hidden), I = static_cast<double>(m.inner),
             B = static_cast<double>(m.blocks), H = static_cast<double>(m.heads),
             N = static_cast<double>(batches.positions);
  const double parameters = (V + T) * C + B * (4 * C * C + 2 * C * I + 9 * C + I) + 2 * C;
  // Weights, gradients, two moments, and the best epoch's weights.
  const double state = (config.patience > 0 ? 5 : 4) * parameters;
  // The start, and a second gradient of the item table until it is added to the first.
  const double tables = 2 * V * C;
  // Of a position in one block: two norms, q, k, v joined and apart, the attention's result with its log-sum-exp, its
  // projection, and the same number of rows behind the feed-forward layer; each dropout and each sum is one more.
  const double block = 13 * C + 2 * I + H + 4 + (m.dropout > 0 ? 2 * C + I : 0);
  const double outside = (m.dropout > 0 ? 9 : 8) * C;
  const auto rows = static_cast<double>(ag::linear_cross_entropy_block(batches.positions, m.items));
  const double logits = m.loss == models::RecommenderLoss::CrossEntropy ? rows * V : 8 * N * C;
  const double training = N * (B * block + outside) + logits;
  const double ranking = static_cast<double>(batches.ranked_users) * V +
                         static_cast<double>(batches.ranked_positions) * (9 * C + 2 * I);
  return bytes_of(state + tables + std::max(training, ranking));
}

int64_t recommenders_that_fit(const Interactions& data, RecommenderConfig config, int64_t wanted,
                              int64_t start_bytes) {
  config.model.items = data.items();
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
