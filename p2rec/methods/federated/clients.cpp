#include "p2rec/methods/federated/clients.h"

#include <algorithm>
#include <cmath>

#include "autograd/check.h"
#include "autograd/rng.h"

namespace p2rec {
namespace {

constexpr uint32_t kOrderStream = ag::stream("users over clients"), kGammaStream = ag::stream("gamma"),
                   kClientStream = ag::stream("client of a user"),
                   kRoundStream = ag::stream("clients of a round");
constexpr int64_t kMostTries = 1 << 16;  // of one gamma number; one try in twenty fails

void check_counts(std::span<const int64_t> users, int64_t clients) {
  AG_CHECK(clients >= 1 && clients <= std::ssize(users), "shards: ", clients, " clients for ", users.size(),
           " users; expected at least one user for each client");
}

// ln of a number from Gamma(alpha, 1), by Marsaglia and Tsang (2000): from Gamma(alpha + 1) times a uniform
// number to the power 1 / alpha. In logarithms, because for alpha = 0.01 most numbers are below 1e-300.
double log_gamma_number(double alpha, const ag::RandomKey& key, int64_t number) {
  const double d = alpha + 1 - 1.0 / 3, c = 1 / std::sqrt(9 * d);
  for (int64_t i = 0; i < kMostTries; ++i) {
    const auto draw = static_cast<uint64_t>(number * kMostTries + i);
    const double x = ag::random_normal(key, 2 * draw), v = std::pow(1 + c * x, 3);
    const double u = (ag::random_bits(key, 4 * draw + 2) + 0.5) * 0x1p-32,
                 power = (ag::random_bits(key, 4 * draw + 3) + 0.5) * 0x1p-32;
    if (v > 0 && std::log(u) < x * x / 2 + d - d * v + d * std::log(v))
      return std::log(d * v) + std::log(power) / alpha;
  }
  throw ag::Error("log_gamma_number: no number was accepted");
}

// A draw from Dirichlet(alpha, ..., alpha) over the clients.
std::vector<double> dirichlet(int64_t clients, double alpha, const ag::RandomKey& key) {
  std::vector<double> share;
  for (int64_t c = 0; c < clients; ++c) share.push_back(log_gamma_number(alpha, key, c));
  const double largest = std::ranges::max(share);
  for (double& s : share) s = std::exp(s - largest);
  return share;
}

}  // namespace

Shards even_shards(std::span<const int64_t> users, int64_t clients, uint64_t seed) {
  check_counts(users, clients);
  const auto order = ag::random_permutation({seed, 0, kOrderStream}, static_cast<int32_t>(users.size()));
  Shards shards(static_cast<size_t>(clients));
  for (size_t i = 0; i < users.size(); ++i)
    shards[i % shards.size()].push_back(users[static_cast<size_t>(order[i])]);
  for (auto& shard : shards) std::ranges::sort(shard);
  return shards;
}

Shards dirichlet_shards(std::span<const int64_t> users, std::span<const int32_t> groups, int64_t clients,
                        double alpha, uint64_t seed) {
  check_counts(users, clients);
  std::vector<std::vector<double>> shares;  // per group
  for (int32_t k = 0; k <= std::ranges::max(groups); ++k)
    shares.push_back(dirichlet(clients, alpha, {seed, static_cast<uint32_t>(k), kGammaStream}));
  Shards shards(static_cast<size_t>(clients));
  for (size_t i = 0; i < users.size(); ++i) {
    const double uniform = ag::random_uniform({seed, 0, kClientStream}, static_cast<uint64_t>(users[i]));
    shards[ag::random_index(shares[static_cast<size_t>(groups[i])], uniform)].push_back(users[i]);
  }
  for (auto& shard : shards) {
    if (!shard.empty()) continue;
    auto& largest = *std::ranges::max_element(shards, {}, [](const auto& other) { return other.size(); });
    shard.push_back(largest.back());
    largest.pop_back();
  }
  return shards;
}

std::vector<size_t> sampled_clients(size_t clients, size_t count, uint64_t seed, int64_t round) {
  const auto order = ag::random_permutation({seed, static_cast<uint32_t>(round), kRoundStream},
                                            static_cast<int32_t>(clients));
  std::vector<size_t> chosen(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count));
  std::ranges::sort(chosen);
  return chosen;
}

}  // namespace p2rec
