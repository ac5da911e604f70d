// FederatedScope-LLM: averaging, clients, rounds against central training, offsite-tuning, and a whole run.
#include "p2rec/methods/federated/federated.h"

#include <Eigen/SVD>
#include <numeric>
#include <set>

#include "autograd/ops.h"
#include "models/tokenizers/byte_tokenizer.h"
#include "nn/init.h"
#include "p2rec/methods/p2rec/preferences.h"
#include "p2rec/methods/settings.h"
#include "p2rec/run/results_file.h"
#include "tests/models/llama/small_shapes.h"
#include "tests/p2rec/cli/shell.h"
#include "tests/p2rec/run/small_run.h"

using ag::Tensor;
using namespace p2rec;
using testing::contains;

namespace {

// The rounding of some dozen steps; f64 proves the rule.
constexpr testing::Tolerance kSteps =
    testing::tolerance::kF64 ? testing::Tolerance{1e-9, 1e-9} : testing::Tolerance{1e-3, 1e-4};

struct Small {
  Interactions data = make_synthetic({.users = 40, .items = 16, .groups = 2, .mean_length = 6});
  models::ByteTokenizer tokenizer;
  Prompts prompts{data, tokenizer, {ItemsAs::Tokens, 4}, tokenizer.vocabulary()};
  models::Llama llm{testing::byte_config(4)};
  Tensor preferences;
  FederateConfig config;

  Small() {
    models::initialise(llm, 0.3, 1);
    ItemGroups groups;
    groups.group_of = data.truth->item_group;
    groups.groups = 2;
    preferences = user_preferences(data, groups);
    config.clients = 3;
    config.lora.rank = 2;
    config.rounds.rounds = 3;
    config.rounds.local_steps = 1;
    config.rounds.local_batch = 0;
    config.rounds.optimiser = LocalOptimiser::Sgd;
    config.rounds.lr = 0.005;
    config.rounds.item_lr = 0.01;
  }
  FederatedTask task(Shards shards) {
    return {llm, prompts, data, preferences, split_users(data), std::move(shards)};
  }
  FederatedTask task() { return task(shards_of(split_users(data), preferences, config)); }
};

// Central training by hand: full batches of all training users, and w - lr g.
nn::NamedTensors descended(Small& s, int64_t steps) {
  const UserSplit split = split_users(s.data);
  nn::attach_lora(s.llm, s.config.lora);
  const MeanPreference mean = mean_preference(s.data, s.preferences, split.users);
  const PreferenceModel model = untrained_model(s.llm, s.prompts, mean.mean, s.config.rounds.seed);
  ReconstructionConfig rates;
  rates.finetune.lr = s.config.rounds.lr;
  rates.item_lr = s.config.rounds.item_lr;
  const Finetuning loss = user_level(model, s.prompts, s.data, s.preferences, split, rates);
  std::vector<nn::Adam::Group> groups = {{nn::lora_parameters(s.llm), rates.finetune.lr}};
  groups.insert(groups.end(), loss.trained.begin(), loss.trained.end());
  nn::NamedTensors trained;
  for (int64_t step = 0; step < steps; ++step) {
    ag::backward(ag::scale(loss.loss(split.users, {}, {}).mean, 1 / mean.error));
    for (const auto& [parameters, lr] : groups) {
      for (const auto& [name, w] : parameters) {
        for (int64_t i = 0; i < w.numel(); ++i)
          w.data()[i] -= static_cast<ag::real>(lr * double(w.grad().data()[i]));
        w.zero_grad();
        if (step == 0) trained.emplace_back(name, w);
      }
    }
  }
  return trained;
}

double share_of_tolerance(const nn::NamedTensors& found, const nn::NamedTensors& expected) {
  REQUIRE(found.size() == expected.size());
  double worst = 0;
  for (size_t i = 0; i < found.size(); ++i) {
    CHECK(found[i].first == expected[i].first);
    worst = std::max(worst, testing::share_of_tolerance(found[i].second, expected[i].second, kSteps));
  }
  return worst;
}

// Two clients of a LoRA layer (5,4) of rank 2, and a head.
std::vector<Update> two_updates() {
  std::vector<Update> updates;
  for (const uint64_t client : {1, 2}) {
    Tensor a = Tensor::empty({2, 4}), b = Tensor::empty({5, 2}), head = Tensor::empty({3});
    nn::normal_(a, 1, {client, 0, 1});
    nn::normal_(b, 1, {client, 0, 2});
    nn::normal_(head, 1, {client, 0, 3});
    updates.push_back(
        {{{"x.lora_A.weight", a}, {"x.lora_B.weight", b}, {"head", head}}, client == 1 ? 30.0 : 10.0});
  }
  return updates;
}

Tensor product(const nn::NamedTensors& tensors) { return ag::matmul(tensors[1].second, tensors[0].second); }

Tensor mean_product(const std::vector<Update>& updates) {
  return ag::add(ag::scale(product(updates[0].tensors), 0.75), ag::scale(product(updates[1].tensors), 0.25));
}

double norm(const Tensor& x) { return std::sqrt(double(ag::sum(ag::mul(x, x)).item())); }

std::vector<int64_t> joined(const Shards& shards) {
  std::vector<int64_t> all;
  for (const auto& shard : shards) all.insert(all.end(), shard.begin(), shard.end());
  std::ranges::sort(all);
  return all;
}

testing::Options small_federated() {
  testing::Options options = {
      {"method", "federated"},   {"data", "data.txt"}, {"out", "out"},          {"seeds", "1,2"},
      {"quiet", "true"},         {"groups", "4"},      {"teacher.hidden", "8"}, {"teacher.max-epochs", "2"},
      {"teacher.inner", "8"},    {"history", "8"},     {"tiny-steps", "4"},     {"lora-rank", "2"},
      {"clients", "3"},          {"rounds", "3"},      {"local-steps", "2"},    {"local-batch", "4"},
      {"partition", "dirichlet"}};
  return options;
}

}  // namespace

// --- averaging ---------------------------------------------------------------------------------------------

TEST_CASE("averaging: tensors apart are weighted by examples, and their product misses the covariance") {
  const std::vector<Update> updates = two_updates();
  const nn::NamedTensors mean = averaged(updates, Averaging::Factors);
  for (size_t i = 0; i < mean.size(); ++i) {
    CHECK(mean[i].first == updates[0].tensors[i].first);
    testing::check_close(
        mean[i].second,
        ag::add(ag::scale(updates[0].tensors[i].second, 0.75), ag::scale(updates[1].tensors[i].second, 0.25)),
        testing::tolerance::kOpForward, mean[i].first);
  }
  // sum of w (B - mean B)(A - mean A) over the clients
  Tensor covariance = Tensor::zeros({5, 4});
  for (size_t c = 0; c < 2; ++c) {
    const Tensor a = ag::sub(updates[c].tensors[0].second, mean[0].second),
                 b = ag::sub(updates[c].tensors[1].second, mean[1].second);
    covariance = ag::add(covariance, ag::scale(ag::matmul(b, a), c == 0 ? 0.75 : 0.25));
  }
  testing::check_close(ag::sub(mean_product(updates), product(mean)), covariance, {1e-4, 1e-5}, "difference");
  CHECK(averaging_gap(updates) ==
        doctest::Approx(norm(covariance) / norm(mean_product(updates))).epsilon(1e-6));
  CHECK(averaging_gap({updates[0]}) < 1e-6);
}

TEST_CASE("averaging: products give the best approximation of their mean with LoRA's rank") {
  const std::vector<Update> updates = two_updates();
  const nn::NamedTensors mean = averaged(updates, Averaging::Products);
  testing::check_close(mean[2].second, averaged(updates, Averaging::Factors)[2].second, {1e-6, 1e-7}, "head");
  const Tensor wanted = mean_product(updates), found = product(mean);
  Eigen::MatrixXd matrix(5, 4);
  for (int64_t i = 0; i < 20; ++i) matrix(i / 4, i % 4) = wanted.data()[i];
  const Eigen::VectorXd singular = Eigen::JacobiSVD<Eigen::MatrixXd>(matrix).singularValues();
  CHECK(singular(2) > 0.01);  // so the approximation is not exact
  CHECK(norm(ag::sub(wanted, found)) == doctest::Approx(singular.tail(2).norm()).epsilon(1e-5));
  testing::check_close(ag::matmul(mean[0].second, mean[0].second, false, true),
                       Tensor::from({2, 2}, {1, 0, 0, 1}), {1e-5, 1e-6}, "rows of A");
  // One client's product is kept, in other factors.
  testing::check_close(product(averaged({updates[0]}, Averaging::Products)), product(updates[0].tensors),
                       {1e-4, 1e-5}, "one client");
}

// --- clients -----------------------------------------------------------------------------------------------

TEST_CASE("clients: each user has one, and even shards differ by at most one user") {
  std::vector<int64_t> users(100);
  std::iota(users.begin(), users.end(), 5);
  std::vector<int32_t> groups;
  for (const int64_t user : users) groups.push_back(static_cast<int32_t>(user % 4));
  const Shards even = even_shards(users, 7, 1);
  CHECK(joined(even) == users);
  for (const auto& shard : even) CHECK((shard.size() == 14 || shard.size() == 15));
  CHECK((even != even_shards(users, 7, 2)));

  // The mean over groups and seeds of the largest share of a group that one client has.
  const auto largest_share = [&](double alpha) {
    double sum = 0;
    for (const uint64_t seed : {1, 2, 3, 4, 5}) {
      const Shards shards = dirichlet_shards(users, groups, 5, alpha, seed);
      CHECK(joined(shards) == users);
      for (int32_t group = 0; group < 4; ++group) {
        int64_t most = 0;
        for (const auto& shard : shards) {
          CHECK_FALSE(shard.empty());
          most = std::max<int64_t>(most,
                                   std::ranges::count_if(shard, [&](int64_t u) { return u % 4 == group; }));
        }
        sum += static_cast<double>(most) / 25 / 20;
      }
    }
    return sum;
  };
  CHECK(largest_share(0.01) > 0.9);
  const double medium = largest_share(0.5);
  CHECK(medium > 0.45);  // the expected largest of five shares is 0.57
  CHECK(medium < 0.75);
  CHECK(largest_share(1000) < 0.4);  // 0.2, and the noise of 25 users
}

TEST_CASE("clients of a round: different ones, in time all") {
  std::set<size_t> seen;
  for (int64_t round = 0; round < 20; ++round) {
    const auto chosen = sampled_clients(5, 2, 1, round);
    REQUIRE(chosen.size() == 2);
    CHECK(chosen[0] < chosen[1]);
    CHECK(chosen[1] < 5);
    seen.insert(chosen.begin(), chosen.end());
  }
  CHECK(seen.size() == 5);
}

// --- rounds ------------------------------------------------------------------------------------------------

TEST_CASE("rounds: one client, or one full-batch step of SGD at each, is central training") {
  Small central;
  const nn::NamedTensors expected = descended(central, 6);
  SUBCASE("one client, three rounds of two steps") {
    Small s;
    s.config.clients = 1;
    s.config.rounds.local_steps = 2;
    CHECK(share_of_tolerance(run_arm("fedavg", s.task(), s.config).trained, expected) <= 1);
    CHECK(share_of_tolerance(run_arm("central", s.task(), s.config).trained, expected) <= 1);
  }
  SUBCASE("six rounds of one step, shards of any sizes") {
    Small s;
    s.config.rounds.rounds = 6;
    const std::vector<int64_t> users = split_users(s.data).users;
    const auto third = static_cast<std::ptrdiff_t>(users.size() / 3);
    const Shards uneven = {{users.begin(), users.begin() + 3},
                           {users.begin() + 3, users.begin() + third},
                           {users.begin() + third, users.end()}};
    CHECK(share_of_tolerance(run_arm("fedavg", s.task(even_shards(users, 3, 1)), s.config).trained,
                             expected) <= 1);
    CHECK(share_of_tolerance(run_arm("fedavg", s.task(uneven), s.config).trained, expected) <= 1);
    CHECK(share_of_tolerance(run_arm("central", s.task(uneven), s.config).trained, expected) <= 1);
  }
  SUBCASE("central training reads in a step what all clients read, here all users") {
    Small s;
    s.config.rounds.rounds = 6;
    s.config.rounds.local_batch = std::ssize(split_users(s.data).users) / 2;
    CHECK(share_of_tolerance(run_arm("central", s.task(), s.config).trained, expected) <= 1);
  }
  SUBCASE("two steps at each of three clients are not: they drift apart") {
    Small s;
    s.config.rounds.local_steps = 2;
    const ArmOutcome outcome = run_arm("fedavg", s.task(), s.config);
    CHECK(share_of_tolerance(outcome.trained, expected) > 1);
    CHECK(outcome.history.gap.back() > 0);
    CHECK(outcome.history.heldout.size() == 3);
  }
}

TEST_CASE("rounds: a client takes its steps one batch after the other, from the server's weights") {
  Small s;
  const std::vector<int64_t> users = split_users(s.data).users;
  std::vector<std::vector<int64_t>> batches;
  Tensor w = Tensor::zeros({1}).set_requires_grad();
  Federation federation{
      .trained = {{{{"w", w}}, 1.0}},
      .shards = even_shards(users, 4, 1),
      .loss = [&](std::span<const int64_t> batch, const BatchPart&, const nn::DropoutContext&) {
        batches.emplace_back(batch.begin(), batch.end());
        return PartLoss{ag::scale(ag::sum(w), 1)};  // each step of SGD subtracts 1
      }};
  RoundsConfig config = s.config.rounds;
  config.rounds = 1;
  config.sampled = 3;
  config.local_steps = 2;
  config.local_batch = 4;
  const RoundHistory history = run_rounds(federation, config, Averaging::Factors);
  REQUIRE(batches.size() == 6);
  const std::vector<size_t> clients = sampled_clients(4, 3, config.seed, 0);
  for (size_t c = 0; c < 3; ++c) {
    const auto& shard = federation.shards[clients[c]];
    std::set<int64_t> read;
    for (const auto& batch : {batches[2 * c], batches[2 * c + 1]}) {
      CHECK(batch.size() == 4);
      for (const int64_t user : batch) CHECK(std::ranges::count(shard, user) == 1);
      read.insert(batch.begin(), batch.end());
    }
    CHECK(read.size() == 8);
  }
  CHECK(w.item() == doctest::Approx(-2));
  CHECK(history.train[0] == doctest::Approx(-0.5));  // the losses of a client: 0 and -1
  CHECK(bytes_per_round(federation, config) == 2 * 3 * 1 * 4);
}

TEST_CASE("rounds: SGD subtracts lr g, each tensor with its own rate") {
  Tensor w = Tensor::from({2}, {1, -2}).set_requires_grad(), v = Tensor::from({1}, {3}).set_requires_grad();
  Federation federation{.trained = {{{{"w", w}}, 0.5}, {{{"v", v}}, 0.01}},
                        .shards = {{0}},
                        .loss = [&](std::span<const int64_t>, const BatchPart&, const nn::DropoutContext&) {
                          return PartLoss{ag::add(ag::sum(ag::mul(w, w)), ag::sum(ag::scale(v, 200)))};
                        }};
  RoundsConfig config;
  config.optimiser = LocalOptimiser::Sgd;
  config.rounds = config.local_steps = 1;
  run_rounds(federation, config, Averaging::Factors);
  testing::check_close(w, Tensor::zeros({2}), {0, 1e-9}, "w - 0.5 (2 w)");
  testing::check_close(v, Tensor::from({1}, {1}), kSteps, "v - 0.01 200");
}

// --- offsite-tuning ----------------------------------------------------------------------------------------

TEST_CASE("offsite: the emulator lacks a uniform share of the middle layers") {
  using Layers = std::vector<int64_t>;
  CHECK(emulator_layers(10, {2, 0.5}) == Layers{0, 1, 2, 4, 6, 8, 9});
  CHECK(emulator_layers(4, {1, 0}) == Layers{0, 1, 2, 3});
  CHECK(emulator_layers(4, {1, 1}) == Layers{0, 3});
  CHECK(contains(testing::message_of([] { emulator_layers(4, {2, 0.5}); }), "offsite-ends: found 2"));
  Small s;
  const nn::Packed prompt = nn::pack({{1, 2, 3}});
  const auto state = [&](const models::Llama& llm) { return llm.hidden_states(prompt); };
  testing::check_close(state(*emulator_of(s.llm, {0, 1, 2, 3})), state(s.llm), {0, 0}, "all layers");
  const auto emulator = emulator_of(s.llm, {0, 2, 3});
  CHECK(emulator->config().layers == 3);
  const auto weight = [](const models::Llama& llm, const std::string& layer) {
    return nn::TensorFile{llm.named_parameters(), {}, ""}.at("model.layers." + layer + ".mlp.up_proj.weight");
  };
  CHECK(weight(*emulator, "1").values() == weight(s.llm, "2").values());
  CHECK(weight(*emulator, "1").values() != weight(s.llm, "1").values());
}

TEST_CASE("offsite: only the ends have LoRA, and what is trained on the emulator is plugged into the model") {
  Small s;
  s.config.offsite = {1, 0};  // an emulator with all layers: the model with the adapter is the emulator
  const ArmOutcome whole = run_arm("offsite", s.task(), s.config);
  const double mean = std::reduce(whole.errors.begin(), whole.errors.end()) / double(whole.errors.size());
  CHECK(mean == doctest::Approx(whole.history.heldout.back()).epsilon(1e-5));
  int64_t lora = 0;
  for (const auto& [name, x] : whole.trained) {
    if (!contains(name, "lora")) continue;
    ++lora;
    CHECK((contains(name, "layers.0.") || contains(name, "layers.3.")));
  }
  CHECK(lora == 2 * 7 * 2);
  s.config.offsite = {1, 0.5};
  const ArmOutcome half = run_arm("offsite", s.task(), s.config);
  const double plugged = std::reduce(half.errors.begin(), half.errors.end()) / double(half.errors.size());
  CHECK(std::abs(plugged - half.history.heldout.back()) > 1e-6);
  CHECK(half.bytes_before < whole.bytes_before);
  CHECK(half.bytes_per_round == whole.bytes_per_round);
}

TEST_CASE("local: the errors are those of each client's own model, weighted by examples") {
  Small s;
  const Shards shards = {{0, 1, 2}, {3}};
  const FederatedTask task = s.task(shards);
  std::vector<double> expected(task.split.heldout.size(), 0);
  for (const auto& shard : shards) {
    const ArmOutcome alone = run_arm("fedavg", s.task({shard}), s.config);
    for (size_t i = 0; i < expected.size(); ++i)
      expected[i] += double(shard.size()) / double(task.split.users.size()) * alone.errors[i];
  }
  const ArmOutcome local = run_arm("local", task, s.config);
  CHECK(local.bytes_per_round == 0);
  for (size_t i = 0; i < expected.size(); ++i)
    CHECK(local.errors[i] == doctest::Approx(expected[i]).epsilon(1e-4));
}

// --- a run -------------------------------------------------------------------------------------------------

TEST_CASE("a run of federated: its arms, bytes, and its section of the report") {
  const testing::WorkingFolder here;
  testing::write_data(testing::small_data());
  testing::run_stages(small_federated());
  const Summary summary = ResultsFile("out").read().results.value();
  std::vector<std::string> arms;
  for (const ArmSummary& arm : summary.arms) {
    arms.push_back(arm.name);
    CHECK(arm.seeds.size() == 2);
    const bool sends = arm.name != "central" && arm.name != "local";
    CHECK((arm.facts.at(1) > 0) == sends);
  }
  CHECK(arms == std::vector<std::string>{"central", "local", "fedavg", "flexlora", "offsite"});
  const ReportPlan plan = report_plan(*settings_of_run("out"));
  const std::string page = report_page(read_report_data("out", plan));
  for (const char* part :
       {"Rounds and bytes", "id=\"heldout-rounds-t\"", "id=\"heldout-bytes-t\"", "3 clients"})
    CHECK_MESSAGE(contains(page, part), part);
}

TEST_CASE("a federated run that is stopped after each checkpoint ends like an uninterrupted one") {
  std::map<std::string, std::string> unbroken;
  testing::Options options = small_federated();
  options["seeds"] = "1";
  {
    const testing::WorkingFolder here;
    testing::write_data(testing::small_data());
    testing::run_stages(options);
    unbroken = testing::artefacts("out");
  }
  const testing::WorkingFolder here;
  testing::write_data(testing::small_data());
  const int64_t stops = testing::run_with_stops(options, 500);
  CHECK(stops > 15);
  testing::check_same(unbroken, testing::artefacts("out"));
}

TEST_CASE("federated refuses clients without users, and a sample larger than all clients") {
  const testing::WorkingFolder here;
  testing::write_data(testing::small_data());
  const auto problem = [](const std::string& name, const std::string& value) {
    testing::Options options = small_federated();
    options[name] = value;
    return testing::message_of([&] { testing::run_stages(options); });
  };
  CHECK(contains(problem("clients", "1000"), "clients: found 1000"));
  CHECK(contains(problem("sampled", "4"), "sampled: found 4; expected at most clients, 3"));
  CHECK(contains(problem("offsite-ends", "2"), "offsite-ends: found 2"));
  CHECK_FALSE(std::filesystem::exists("out"));
}
