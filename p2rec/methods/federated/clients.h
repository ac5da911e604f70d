// How users are divided over the clients of a federation, and which clients take part in a round.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace p2rec {

using Shards = std::vector<std::vector<int64_t>>;  // the users of each client, ascending

// Clients with alike users: the users in a random order, cut into `clients` equal parts (sizes differ by at
// most 1).
Shards even_shards(std::span<const int64_t> users, int64_t clients, uint64_t seed);

// Clients with unlike users (Hsu et al. 2019, arXiv 1909.06335): for each group a distribution over the
// clients is drawn from Dirichlet(alpha, ..., alpha), and each user of the group draws its client from it.
// Small alpha: most of a group is at one client. groups[i] is the group of users[i]. A client that got no
// user takes one from the client with the most.
Shards dirichlet_shards(std::span<const int64_t> users, std::span<const int32_t> groups, int64_t clients,
                        double alpha, uint64_t seed);

// The clients of a round: `count` different ones, ascending.
std::vector<size_t> sampled_clients(size_t clients, size_t count, uint64_t seed, int64_t round);

}  // namespace p2rec
