#include "p2rec/methods/darec/search.h"

#include <algorithm>
#include <cmath>

#include "autograd/check.h"
#include "autograd/rng.h"
#include "p2rec/methods/darec/gaussian_process.h"

namespace p2rec {
namespace {

bool is_tried(const std::vector<SearchTrial>& trials, const Point& point) {
  return std::ranges::find(trials, point, &SearchTrial::point) != trials.end();
}

// A point that was not tried.
Point random_point(const SearchSpace& space, const std::vector<SearchTrial>& trials, uint64_t seed) {
  const ag::RandomKey key{seed, static_cast<uint32_t>(trials.size()), ag::stream("random trials")};
  for (uint64_t draw = 0;; ++draw) {
    const Point point = space.point(ag::random_below(key, draw, static_cast<uint32_t>(space.size())));
    if (!is_tried(trials, point)) return point;
  }
}

Features encoded(const SearchSpace& space, const Point& point) {
  Features x(static_cast<size_t>(space.places * space.choices));
  for (size_t place = 0; place < point.size(); ++place)
    x[place * static_cast<size_t>(space.choices) + static_cast<size_t>(point[place])] = std::sqrt(0.5);
  return x;
}

GaussianProcess most_likely_process(const SearchSpace& space, const std::vector<SearchTrial>& trials) {
  std::vector<Features> points;
  std::vector<double> values;
  for (const SearchTrial& trial : trials) {
    points.push_back(encoded(space, trial.point));
    values.push_back(trial.value);
  }
  std::vector<GaussianProcess> processes;
  for (const double length : kLengths) {
    for (const double noise : kNoises) processes.emplace_back(points, values, length, noise);
  }
  return *std::ranges::max_element(processes, {}, &GaussianProcess::log_likelihood);
}

// The point with the largest expected improvement of those that were not tried; ties: the lowest index.
Point most_promising_point(const SearchSpace& space, const std::vector<SearchTrial>& trials) {
  const GaussianProcess process = most_likely_process(space, trials);
  const double best = best_trial(trials).value;
  Point chosen;
  double most = -1;
  for (int64_t i = 0; i < space.size(); ++i) {
    const Point point = space.point(i);
    if (is_tried(trials, point)) continue;
    const double improvement = expected_improvement(process.at(encoded(space, point)), best);
    if (improvement > most) {
      most = improvement;
      chosen = point;
    }
  }
  return chosen;
}

}  // namespace

void describe(SearchConfig& config, const nn::Visit& visit) {
  visit({"search-trials", "trials of each search for adapters, a training each", nn::at_least(1)},
        &config.trials);
  visit({"random-trials", "trials of Bayesian optimisation that are random, the first ones", nn::at_least(1)},
        &config.first);
}

int64_t SearchSpace::size() const {
  int64_t size = 1;
  for (int64_t i = 0; i < places; ++i) size *= choices;
  return size;
}

Point SearchSpace::point(int64_t index) const {
  Point point(static_cast<size_t>(places));
  for (int& choice : point) {
    choice = static_cast<int>(index % choices);
    index /= choices;
  }
  return point;
}

std::vector<SearchTrial> search(const SearchSpace& space, const SearchConfig& config,
                                const std::function<double(const Point&)>& value) {
  AG_CHECK(config.trials <= space.size() && config.first >= 1, "search: ", config.trials, " trials, ",
           config.first, " of them random, of ", space.size(), " points");
  std::vector<SearchTrial> trials;
  while (std::ssize(trials) < config.trials) {
    const Point point = std::ssize(trials) < config.first ? random_point(space, trials, config.seed)
                                                          : most_promising_point(space, trials);
    trials.push_back({point, value(point)});
  }
  return trials;
}

const SearchTrial& best_trial(const std::vector<SearchTrial>& trials) {
  return *std::ranges::max_element(trials, {}, &SearchTrial::value);
}

}  // namespace p2rec
