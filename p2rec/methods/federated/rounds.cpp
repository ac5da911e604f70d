#include "p2rec/methods/federated/rounds.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "p2rec/methods/federated/offsite_tuning.h"

namespace p2rec {
namespace {

using ag::Tensor;

constexpr uint32_t kClientOrderStream = ag::stream("examples of a client");
constexpr double kClip = 1.0;  // of Adam's gradients, as in finetune()

nn::NamedTensors copies_of(const nn::NamedTensors& tensors) {
  nn::NamedTensors copies;
  for (const auto& [name, x] : tensors) copies.emplace_back(name, x.to(ag::Device::CPU).clone());
  return copies;
}

// A client's optimiser. With beta1 = beta2 = 0, Adam's step is lr g / (|g| + eps). If eps is far above |g|,
// and lr is multiplied by it, that is gradient descent, lr g, with a relative error of |g| / eps.
nn::Adam local_optimiser(const Federation& federation, const RoundsConfig& config) {
  if (config.optimiser == LocalOptimiser::Adam) return {federation.trained, {.weight_decay = 0}};
  constexpr double kFarAbove = 1e12;
  std::vector<nn::Adam::Group> groups = federation.trained;
  for (nn::Adam::Group& group : groups) group.lr *= kFarAbove;
  return {groups, {.beta1 = 0, .beta2 = 0, .eps = kFarAbove}};
}

// The examples of a client's step: a shuffled shard, from its start in each round; after its end from its
// start again.
std::vector<int64_t> batch_of(const Federation& federation, const RoundsConfig& config, size_t client,
                              int64_t round, int64_t step) {
  const std::vector<int64_t>& shard = federation.shards[client];
  const int64_t n = std::ssize(shard), size = config.local_batch > 0 ? std::min(config.local_batch, n) : n;
  const auto turn = static_cast<uint32_t>(round * std::ssize(federation.shards) + int64_t(client));
  const auto order = ag::random_permutation({config.seed, turn, kClientOrderStream}, static_cast<int32_t>(n));
  std::vector<int64_t> batch;
  for (int64_t i = 0; i < size; ++i)
    batch.push_back(shard[static_cast<size_t>(order[static_cast<size_t>((step * size + i) % n)])]);
  return batch;
}

// The client's steps from the weights as they are. Returns the mean loss.
double train_locally(const Federation& federation, const RoundsConfig& config, size_t client, int64_t round) {
  nn::Adam optimiser = local_optimiser(federation, config);
  const Loop loop{.adam = optimiser,
                  .steps_per_epoch = config.local_steps,
                  .epochs = 1,
                  .clip = config.optimiser == LocalOptimiser::Adam ? kClip : 0,
                  .loss_scale = federation.loss_scale,
                  .loss = [&](int64_t step, const BatchPart& part) {
                    const auto drawn = static_cast<uint32_t>(round * config.local_steps + step);
                    return federation.loss(batch_of(federation, config, client, round, step), part,
                                           {config.seed, drawn, true});
                  }};
  const std::vector<double> losses = train(loop, {});
  return mean_loss(losses, 0, config.local_steps);
}

size_t clients_of_a_round(const Federation& federation, const RoundsConfig& config) {
  const size_t all = federation.shards.size();
  return config.sampled > 0 ? std::min(all, static_cast<size_t>(config.sampled)) : all;
}

double mean_of(const std::vector<double>& values) {
  return std::reduce(values.begin(), values.end()) / static_cast<double>(values.size());
}

int64_t numbers_in(const nn::NamedTensors& tensors) {
  int64_t numbers = 0;
  for (const auto& [name, x] : tensors) numbers += x.numel();
  return numbers;
}

// Calls f(tensor, its numbers in the row) for each tensor. `row` (1,numbers) has them one after the other.
template <class F>
void with_pieces(const nn::NamedTensors& tensors, const Tensor& row, const F& f) {
  const Tensor numbers = row.view({row.numel()});
  int64_t begin = 0;
  for (const auto& [name, x] : tensors) {
    f(name, x, numbers.rows(begin, begin + x.numel()).view(x.shape()));
    begin += x.numel();
  }
}

// What all clients of a round send.
struct Sent {
  std::vector<Update> updates;
  double loss;  // the mean over the clients
};

// The ranks share the clients.
Sent train_clients(const Federation& federation, const RoundsConfig& config,
                   const std::vector<size_t>& clients, int64_t round, const ag::Communicator& ranks) {
  const nn::NamedTensors trained = tensors_of(federation), server = copies_of(trained);
  const auto n = std::ssize(clients), begin = ranks.begin(n), end = ranks.end(n);
  const Tensor own = Tensor::empty({end - begin, numbers_in(trained)});
  double loss = 0;
  for (int64_t i = begin; i < end; ++i) {
    plug_in(server, trained);
    loss += train_locally(federation, config, clients[static_cast<size_t>(i)], round) / double(n);
    with_pieces(trained, own.rows(i - begin, i - begin + 1),
                [](const std::string&, const Tensor& x, Tensor piece) { piece.copy_from(x); });
  }
  const Tensor all = ranks.all_gather(own);
  std::vector<Update> updates;
  for (int64_t i = 0; i < n; ++i) {
    updates.push_back({{}, double(federation.shards[clients[static_cast<size_t>(i)]].size())});
    with_pieces(trained, all.rows(i, i + 1), [&](const std::string& name, const Tensor&, Tensor piece) {
      updates.back().tensors.emplace_back(name, piece);
    });
  }
  return {updates, ranks.sum(loss)};
}

// One round; adds its numbers to the history, rounded as in a checkpoint.
void run_round(const Federation& federation, const RoundsConfig& config, Averaging averaging, int64_t round,
               const ag::Communicator& ranks, RoundHistory& history) {
  const auto clients =
      sampled_clients(federation.shards.size(), clients_of_a_round(federation, config), config.seed, round);
  const auto [updates, loss] = train_clients(federation, config, clients, round, ranks);
  plug_in(averaged(updates, averaging), tensors_of(federation));
  history.train.push_back(static_cast<ag::real>(loss));
  history.gap.push_back(static_cast<ag::real>(averaging_gap(updates)));
  if (!federation.heldout.empty())
    history.heldout.push_back(
        static_cast<ag::real>(mean_of(losses_of(federation, federation.heldout, ranks))));
}

void visit_state(const Federation& federation, RoundHistory& history, Checkpoint& checkpoint) {
  checkpoint.tensors("w.", tensors_of(federation));
  checkpoint.list("train", history.train);
  checkpoint.list("gap", history.gap);
  if (!federation.heldout.empty()) checkpoint.list("heldout", history.heldout);
}

}  // namespace

void describe(RoundsConfig& c, const nn::Visit& visit) {
  visit({"rounds", "rounds between the server and its clients", nn::at_least(1)}, &c.rounds);
  visit({"sampled", "clients that take part in a round, drawn in each; 0: all", nn::at_least(0)}, &c.sampled);
  visit({"local-steps", "steps of a client in a round", nn::at_least(1)}, &c.local_steps);
  visit({"local-batch", "users per step of a client; 0: all that it has", nn::at_least(0)}, &c.local_batch);
  nn::visit_choice(visit, {"local-optimizer", "of the clients' steps; begins anew in each round"},
                   c.optimiser, {{"adam", LocalOptimiser::Adam}, {"sgd", LocalOptimiser::Sgd}});
  visit({"local-lr", "learning rate of the clients, for LoRA and head", nn::kPositive}, &c.lr);
  visit({"local-item-lr", "their learning rate for new item tokens", nn::kPositive}, &c.item_lr);
}

nn::NamedTensors tensors_of(const Federation& federation) {
  nn::NamedTensors all;
  for (const nn::Adam::Group& group : federation.trained)
    all.insert(all.end(), group.parameters.begin(), group.parameters.end());
  return all;
}

RoundHistory run_rounds(const Federation& federation, const RoundsConfig& config, Averaging averaging,
                        const Task& task) {
  RoundHistory history;
  if (const auto saved = task.resume()) {
    Checkpoint checkpoint(*saved);
    visit_state(federation, history, checkpoint);
  }
  for (auto round = std::ssize(history.train); round < config.rounds; ++round) {
    run_round(federation, config, averaging, round, task.ranks(), history);
    Values values{{"loss", history.train.back()}, {"gap", history.gap.back()}};
    if (!history.heldout.empty()) values.emplace_back("heldout_loss", history.heldout.back());
    task.log(round, values);
    if (task.progress(double(round + 1) / double(config.rounds)))
      task.show(fmt::format("round {} of {}, loss {:.5f}", round + 1, config.rounds, history.train.back()));
    if (task.save_due()) {
      Checkpoint checkpoint;
      visit_state(federation, history, checkpoint);
      checkpoint.write(task, round);
    }
    task.check_stop();
  }
  return history;
}

int64_t bytes_per_round(const Federation& federation, const RoundsConfig& config) {
  return 2 * static_cast<int64_t>(clients_of_a_round(federation, config)) *
         numbers_in(tensors_of(federation)) * kBytesPerNumber;
}

std::vector<double> losses_of(const Federation& federation, const std::vector<int64_t>& examples,
                              const ag::Communicator& ranks) {
  const ag::NoGrad no_grad;
  const auto n = std::ssize(examples);
  std::vector<double> own;
  for (int64_t i = ranks.begin(n); i < ranks.end(n); ++i)
    own.push_back(
        federation.loss(std::span(examples).subspan(static_cast<size_t>(i), 1), {}, {}).mean.item());
  const std::vector<ag::real> all = ranks.all_gather(Tensor::from({std::ssize(own)}, own)).values();
  return {all.begin(), all.end()};
}

}  // namespace p2rec
