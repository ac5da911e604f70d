// 14 Item groups: can items be sorted into groups by nothing but who follows whom?
//
//   assign    k_i = the k with the smallest |e_i - c_k|^2
//   move      c_k = the mean of all e_i with k_i = k
//   inertia   J = sum_i |e_i - c_(k_i)|^2, which neither step makes larger
//
// A trained recommender has a vector e_i for each item. Items with similar neighbours in the histories get
// similar vectors, so clusters of vectors are groups of items, without titles or categories. k-means (Lloyd
// 1957) finds clusters; its start decides which (k-means++, Arthur and Vassilvitskii 2007).
//
// New: k-means, purity, what it takes to compare with a truth. Needs: 09. Takes 5 s, also with --quick.
// --data FILE or FOLDER groups your own items; only the synthetic ones have a truth to compare with.
// Read beside it: p2rec/methods/p2rec/item_groups.h.
#include <numeric>

#include "p2rec/evaluation/known_truth.h"
#include "p2rec/methods/common/item_init.h"
#include "tutorials/figures.h"
#include "tutorials/steps.h"

namespace {

using ag::Tensor;
using lesson::check;
using Rows = std::vector<std::vector<double>>;  // doubles: sums over thousands of floats lose digits
using Groups = std::vector<int32_t>;            // of each item

// Each row scaled to length 1: a vector's length follows the item's popularity, its direction the company.
Rows directions(const Tensor& table) {
  Rows rows;
  for (int64_t i = 0; i < table.dim(0); ++i) {
    const ag::real* x = table.data() + i * table.dim(1);
    rows.emplace_back(x, x + table.dim(1));
    const double length = std::sqrt(std::inner_product(rows[i].begin(), rows[i].end(), rows[i].begin(), 0.0));
    for (double& number : rows[i]) number = static_cast<ag::real>(number / length);
  }
  return rows;
}
Tensor tensor_of(const Rows& rows) {
  std::vector<double> numbers;
  for (const auto& row : rows) numbers.insert(numbers.end(), row.begin(), row.end());
  return Tensor::from({std::ssize(rows), std::ssize(rows[0])}, numbers);
}

double squared_distance(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (size_t c = 0; c < a.size(); ++c) sum += (a[c] - b[c]) * (a[c] - b[c]);
  return sum;
}

// --- 1. The two steps

// Equally near centroids: the lower number. Also the squared distance of each item.
std::pair<Groups, std::vector<double>> assign(const Rows& e, const Rows& c) {
  Groups group_of(e.size(), 0);
  std::vector<double> distance(e.size(), INFINITY);
  for (size_t i = 0; i < e.size(); ++i) {
    for (size_t k = 0; k < c.size(); ++k) {
      const double d = squared_distance(e[i], c[k]);
      if (d < distance[i]) distance[i] = d, group_of[i] = static_cast<int32_t>(k);
    }
  }
  return {group_of, distance};
}

// An empty group has no mean. It takes the item that is farthest from its own centroid, the next empty group
// the next farthest: a rule like this must be written down, or two programs find two results.
Rows move(const Rows& e, Groups group_of, std::vector<double> distance, size_t K) {
  for (size_t k = 0; k < K; ++k) {
    if (std::ranges::count(group_of, static_cast<int32_t>(k)) > 0) continue;
    const auto farthest = std::ranges::max_element(distance) - distance.begin();
    group_of[farthest] = static_cast<int32_t>(k), distance[farthest] = -1;
  }
  Rows c(K, std::vector<double>(e[0].size(), 0));
  std::vector<double> count(K, 0);
  for (size_t i = 0; i < e.size(); ++i) {
    ++count[group_of[i]];
    for (size_t d = 0; d < e[i].size(); ++d) c[group_of[i]][d] += e[i][d];
  }
  for (size_t k = 0; k < K; ++k)
    for (double& number : c[k]) number /= count[k];
  return c;
}

struct Found {
  Groups group_of;
  std::vector<double> inertia;  // after each assignment
};

// Until no item changes its group. There are finitely many groupings and J falls, so that comes.
Found lloyd(const Rows& e, Rows c) {
  Found found;
  while (true) {
    const auto [group_of, distance] = assign(e, c);
    found.inertia.push_back(std::accumulate(distance.begin(), distance.end(), 0.0));
    if (group_of == found.group_of) return found;
    found.group_of = group_of;
    c = move(e, group_of, distance, c.size());
  }
}

// --- 2. Where to start

// Uniform: K items, all equally likely. k-means++: each next item in proportion to its squared distance to
// the nearest one so far, so that no cluster gets two while another has none. It matters where clusters are
// far apart; those of items overlap, and Lloyd's steps make up for a poor start.
Rows start(const Rows& e, size_t K, bool plus_plus, uint64_t seed) {
  const ag::RandomKey key{seed, 0, ag::stream("lesson 14 start")};
  std::vector<double> weight(e.size(), 1);
  Rows c;
  while (c.size() < K) {
    const size_t chosen = ag::random_index(weight, ag::random_uniform(key, c.size()));
    c.push_back(e[chosen]);
    weight[chosen] = 0;
    for (size_t i = 0; plus_plus && i < e.size(); ++i) {
      const double d = squared_distance(e[i], c.back());
      weight[i] = c.size() == 1 ? d : std::min(weight[i], d);
    }
  }
  return c;
}

void compare_starts(const Rows& e, size_t K, uint64_t seed, int tries) {
  double first[2] = {}, last[2] = {}, best[2] = {INFINITY, INFINITY}, rounds[2] = {};
  for (int t = 0; t < 2 * tries; ++t) {
    const int which = t % 2;
    const Found found = lloyd(e, start(e, K, which == 1, seed + static_cast<uint64_t>(t / 2)));
    first[which] += found.inertia.front() / tries, last[which] += found.inertia.back() / tries;
    best[which] = std::min(best[which], found.inertia.back());
    rounds[which] += double(found.inertia.size()) / tries;
  }
  for (const int which : {0, 1})
    fmt::print("  {:<10} J {:7.2f} at the start, {:7.2f} at the end, best {:7.2f}, {:4.1f} rounds\n",
               which ? "k-means++" : "uniform", first[which], last[which], best[which], rounds[which]);
  fmt::print("  The end depends on the start: so the library tries ten and keeps the best.\n");
}

// --- 3. The truth

void show_groups(const p2rec::Interactions& data, const Groups& groups, int32_t K) {
  for (int32_t k = 0; k < K; ++k) {
    std::vector<std::string> some;
    for (size_t i = 0; i < groups.size() && some.size() < 4; ++i)
      if (groups[i] == k) some.push_back(data.titles.empty() ? data.item_ids[i] : data.titles[i]);
    fmt::print("  {:2}: {:4} items, {}, ...\n", k, std::ranges::count(groups, k), fmt::join(some, ", "));
  }
}

// Purity: the share of items whose true group is the most frequent one of their found group.
void compare_with_truth(const Rows& e, const p2rec::Interactions& data, const Tensor& table, uint64_t seed) {
  const Rows noise = directions(lesson::normal("noise", table.shape(), seed));
  const auto purity = [&](const Rows& rows, size_t K) {
    return p2rec::purity(lloyd(rows, start(rows, K, true, seed)).group_of, data.truth->item_group);
  };
  // With a group for every item purity is 1, whatever the vectors. So compare purity only with that of random
  // vectors at the same K.
  fmt::print("\n  {:>5} {:>9} {:>9}\n", "K", "purity", "of noise");
  for (const size_t K : {size_t{4}, size_t{8}, size_t{16}, e.size() / 8, e.size() / 2})
    fmt::print("  {:5} {:9.3f} {:9.3f}\n", K, purity(e, K), purity(noise, K));
  check(purity(noise, e.size() / 2) > 2 * purity(noise, 4), "noise gets purer with K: no merit");
  check(purity(e, 8) > 1.3 * purity(noise, 8), "the recommender's groups are purer than those of noise");
}

void chapter(const lesson::Options& options) {
  const size_t K = 8;
  lesson::Options whole = options;
  whole.quick = false;  // from fewer users a recommender learns no groups
  const p2rec::Interactions data = lesson::interactions(whole);
  const Tensor table = lesson::item_table(whole, data);
  const Rows e = directions(table), first = start(e, K, true, options.seed);

  lesson::heading("1. k-means on the item table of a trained SASRec, round by round");
  const Found found = lloyd(e, first);
  const std::vector<double>& J = found.inertia;
  for (size_t round = 0; round < J.size(); round += 1 + J.size() / 12)
    fmt::print("  round {:2}  J {:8.3f} {}\n", round, J[round], lesson::bar(J[round] / J[0], 50));
  check(std::ranges::is_sorted(J, [](double a, double b) { return a > b + 1e-9; }), "J never rises");
  const p2rec::ItemGroups library = p2rec::lloyd(tensor_of(e), tensor_of(first), {.tolerance = 0});
  check(library.group_of == found.group_of, "the library's groups, item by item");

  lesson::heading("2. Two ways to start, 10 times each");
  compare_starts(e, K, options.seed, 10);

  lesson::heading("3. An empty group");
  Rows twice = first;
  twice[5] = twice[2];  // two equal centroids: ties go to the lower number, so group 5 gets nothing
  const Groups before = assign(e, twice).first, after = lloyd(e, twice).group_of;
  fmt::print("  group 5 has {} items after the first assignment, {} at the end\n",
             std::ranges::count(before, 5), std::ranges::count(after, 5));
  check(std::ranges::count(before, 5) == 0 && std::ranges::count(after, 5) > 0, "it was filled");
  check(p2rec::lloyd(tensor_of(e), tensor_of(twice), {.tolerance = 0}).group_of == after,
        "by the rule of the library");

  lesson::heading("4. What is in the groups");
  const p2rec::ItemGroups best = p2rec::group_items(table, {.groups = K, .seed = options.seed});
  show_groups(data, best.group_of, K);
  lesson::points(options, "map", "Items by their first two principal components, coloured by group",
                 "component 1", "component 2", p2rec::principal_components(tensor_of(e), 2), best.group_of);
  if (data.truth) compare_with_truth(e, data, table, options.seed);
  fmt::print("\nNext: a user is now a distribution over groups. 15 lets a language model read it.\n");
}

}  // namespace

int main(int argc, char** argv) { return lesson::run(argc, argv, {"--data"}, chapter); }
