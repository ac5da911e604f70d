#include "14_item_groups/a_spherical.h"

#include <cmath>
#include <numeric>

namespace n14a = exercise::n14a;
using n14a::Rows;

namespace {

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

Rows unit_rows(const std::string& name, int64_t count, int64_t columns) {
  const ag::Tensor x = exercise::normal(name, {count, columns});
  Rows rows;
  for (int64_t i = 0; i < count; ++i) {
    rows.emplace_back(x.data() + i * columns, x.data() + (i + 1) * columns);
    const double length = std::sqrt(dot(rows.back(), rows.back()));
    for (double& number : rows.back()) number /= length;
  }
  return rows;
}

double objective(const Rows& e, const std::vector<int64_t>& group_of, const Rows& c) {
  double sum = 0;
  for (size_t i = 0; i < e.size(); ++i) sum += dot(e[i], c[static_cast<size_t>(group_of[i])]);
  return sum;
}

}  // namespace

EXERCISE("14a", 3, "k-means on the sphere") {
  const Rows e = unit_rows("e", 60, 5);
  grade.part("assign", [&] {
    const auto got = n14a::assign({{1, 0}, {0, 1}, {-1, 0}}, {{0, 1}, {0.6, 0.8}});
    if (!grade.equal("the list of groups", got, {1, 0, 0}))
      grade.check(got != std::vector<int64_t>{0, 1, 1}, "the nearest centroid has the largest product");
    if (!grade.equal("the group between two equal centroids", n14a::assign({{1, 0}}, {{1, 0}, {1, 0}}), {0}))
      grade.check(false, "of equally near centroids the lower number wins");
  });
  grade.part("move", [&] {
    const Rows c = n14a::move({{1, 0}, {0.6, 0.8}, {0, -1}}, {0, 0, 2}, {{1, 0}, {0, 1}, {1, 0}});
    const double length = std::sqrt(3.2);
    grade.check(c.size() == 3, ag::message("expected 3 centroids, found ", c.size()));
    if (!grade.close("centroid 0", c.at(0), {1.6 / length, 0.8 / length}))
      grade.check(std::abs(dot(c.at(0), c.at(0)) - 1) < 1e-9, "its length is not 1");
    if (!grade.close("the centroid of the empty group", c.at(1), {0, 1}))
      grade.check(false, "a sum of no items has no direction: such a centroid stays where it is");
    grade.close("centroid 2", c.at(2), {0, -1});
  });
  grade.part("the objective never falls, and comes to rest", [&] {
    Rows c(e.begin(), e.begin() + 4);
    std::vector<int64_t> groups = n14a::assign(e, c);
    double before = objective(e, groups, c);
    for (int round = 0; round < 100; ++round) {
      c = n14a::move(e, groups, c);
      const auto next = n14a::assign(e, c);
      const double now = objective(e, next, c);
      if (!grade.check(now >= before - 1e-9,
                       ag::message("in round ", round, " the objective falls from ", before, " to ", now)))
        return;
      before = now;
      if (next == groups) return;
      groups = next;
    }
    grade.check(false, "after 100 rounds items still change their groups");
  });
}
