// k-means: compared with scikit-learn from the same initial centroids, and its own rules. The preferences
// that follow from groups.
#include "p2rec/methods/p2rec/item_groups.h"

#include <numeric>
#include <set>
#include <sstream>

#include "autograd/parallel.h"
#include "autograd/rng.h"
#include "p2rec/methods/p2rec/preferences.h"
#include "tests/parity.h"

using p2rec::group_items;
using p2rec::ItemGroups;
using p2rec::KMeansConfig;

namespace {

// `groups` clouds of `each` points; point i is of cloud i % groups. Far apart unless the spread is large.
ag::Tensor clouds(int64_t groups, int64_t each, int64_t columns, double spread, uint64_t seed = 1) {
  std::vector<double> values;
  for (int64_t i = 0; i < groups * each; ++i) {
    for (int64_t c = 0; c < columns; ++c) {
      const double centre = ag::random_normal({seed, 0, 1}, uint64_t((i % groups) * columns + c));
      values.push_back(4 * centre + spread * ag::random_normal({seed, 0, 2}, uint64_t(i * columns + c)));
    }
  }
  return ag::Tensor::from({groups * each, columns}, values);
}

// The number of points that are in the group of most points of their cloud.
int64_t points_with_their_cloud(const std::vector<int32_t>& group_of, int64_t clouds, int32_t groups) {
  int64_t together = 0;
  for (int64_t cloud = 0; cloud < clouds; ++cloud) {
    std::vector<int64_t> count(static_cast<size_t>(groups));
    for (size_t i = size_t(cloud); i < group_of.size(); i += size_t(clouds)) ++count[size_t(group_of[i])];
    together += *std::max_element(count.begin(), count.end());
  }
  return together;
}

double inertia_of(const ag::Tensor& points, const ItemGroups& groups) {
  double sum = 0;
  for (int64_t i = 0; i < points.dim(0); ++i) {
    for (int64_t c = 0; c < points.dim(1); ++c) {
      const int64_t k = groups.group_of[size_t(i)];
      sum += std::pow(double(points.data()[i * points.dim(1) + c]) -
                          double(groups.centroids.data()[k * points.dim(1) + c]),
                      2);
    }
  }
  return sum;
}

}  // namespace

TEST_CASE("k-means: from the same start the groups are scikit-learn's, exactly") {
  const nn::TensorFile file = testing::fixture("kmeans.safetensors");
  std::istringstream names(file.metadata.at("cases"));
  int cases = 0;
  for (std::string name; names >> name; ++cases) {
    CAPTURE(name);
    KMeansConfig config;
    config.tolerance = std::stod(file.metadata.at(name + ".tolerance"));
    config.max_iterations = std::stoi(file.metadata.at(name + ".max_iterations"));
    const ag::Tensor points = file.at(name + ".points"), &labels = file.at(name + ".labels");
    const ItemGroups found = p2rec::lloyd(points, file.at(name + ".start"), config);
    CHECK(found.group_of == std::vector<int32_t>(labels.ints(), labels.ints() + labels.numel()));
    CHECK(found.iterations == file.at(name + ".iterations").ints()[0]);
    CHECK(found.groups == file.at(name + ".start").dim(0));
    CHECK(found.inertia == doctest::Approx(double(file.at(name + ".inertia").item()))
                               .epsilon(testing::tolerance::kF64 ? 1e-10 : 1e-6));
    // Our sums are double in both builds; f32 adds one rounding of each result.
    testing::Parity("k-means", file)
        .check("centroids", found.centroids, file.at(name + ".centroids"),
               testing::tolerance::kF64 ? testing::Tolerance{1e-10, 1e-12} : testing::Tolerance{2e-7, 2e-7},
               name);
  }
  CHECK(cases == 9);
}

TEST_CASE("k-means: finds separate clouds, and returns the inertia of its centroids") {
  const ag::Tensor points = clouds(6, 40, 8, 0.2);
  KMeansConfig config;
  config.groups = 6;
  config.normalize = false;
  const ItemGroups found = group_items(points, config);
  CHECK(found.group_of.size() == 240);
  CHECK(std::set<int32_t>(found.group_of.begin(), found.group_of.end()).size() == 6);
  CHECK(points_with_their_cloud(found.group_of, 6, 6) == 240);
  CHECK(found.centroids.shape() == ag::Shape{6, 8});
  CHECK(found.inertia == doctest::Approx(inertia_of(points, found)).epsilon(1e-5));
  CHECK(found.iterations >= 1);
}

TEST_CASE(
    "k-means: the same seed gives the same groups, on any number of threads; more restarts are never worse") {
  const ag::Tensor points = clouds(10, 60, 16, 3.0);
  KMeansConfig config;
  config.groups = 12;
  const int threads = ag::thread_count();
  ag::set_thread_count(1);
  const ItemGroups one = group_items(points, config);
  ag::set_thread_count(2);
  const ItemGroups two = group_items(points, config);
  ag::set_thread_count(threads);
  CHECK(one.group_of == two.group_of);
  CHECK(one.centroids.values() == two.centroids.values());
  CHECK(one.inertia == two.inertia);

  double last = INFINITY;
  std::set<double> distinct;
  for (int restarts : {1, 2, 5, 20}) {
    config.restarts = restarts;
    const double inertia = group_items(points, config).inertia;
    CHECK(inertia <= last);
    last = inertia;
    distinct.insert(inertia);
  }
  CHECK(distinct.size() > 1);
  config.restarts = 1;
  const std::vector<int32_t> seed_one = group_items(points, config).group_of;
  config.seed = 2;
  CHECK(group_items(points, config).group_of != seed_one);
}

TEST_CASE("k-means: normalised rows are grouped by direction, raw ones by place") {
  // Two directions, two lengths. Without normalisation, the short points are nearest to each other.
  const ag::Tensor points = ag::Tensor::from({4, 2}, {100, 1, 0.1, 0.001, 1, 100, 0.001, 0.1});
  KMeansConfig config;
  config.groups = 2;
  const ItemGroups by_direction = group_items(points, config);
  CHECK(by_direction.group_of[0] == by_direction.group_of[1]);
  CHECK(by_direction.group_of[2] == by_direction.group_of[3]);
  CHECK(by_direction.group_of[0] != by_direction.group_of[2]);
  CHECK(by_direction.inertia < 1e-3);
  CHECK(points.data()[0] == 100);  // the table itself is not changed
  config.groups = 3;
  config.normalize = false;
  const ItemGroups by_place = group_items(points, config);
  CHECK(by_place.group_of[1] == by_place.group_of[3]);
}

TEST_CASE("k-means: as many groups as items, one group, rows of zeros, equal rows") {
  const ag::Tensor points = clouds(5, 1, 3, 0.1);
  KMeansConfig config;
  config.groups = 5;
  config.normalize = false;
  const ItemGroups all = group_items(points, config);
  CHECK(all.inertia == 0);
  CHECK(std::set<int32_t>(all.group_of.begin(), all.group_of.end()).size() == 5);
  config.groups = 1;
  CHECK(group_items(points, config).group_of == std::vector<int32_t>(5, 0));

  config = {};
  config.groups = 3;
  const ItemGroups zeros = group_items(ag::Tensor::zeros({6, 4}), config);  // all items are equal
  CHECK(zeros.inertia == 0);
  CHECK(std::set<int32_t>(zeros.group_of.begin(), zeros.group_of.end()).size() == 1);
  for (ag::real c : zeros.centroids.values()) CHECK(c == 0);
}

TEST_CASE("k-means: several empty groups take the farthest points") {
  // All points are nearest to the first centroid; the other two are far away.
  const ag::Tensor points = ag::Tensor::from({5, 1}, {0, 1, 2, 30, -20});
  const ItemGroups found = p2rec::lloyd(points, ag::Tensor::from({3, 1}, {0, 1000, 2000}), {});
  CHECK(found.group_of == std::vector<int32_t>{0, 0, 0, 1, 2});
  CHECK(found.centroids.values() == std::vector<ag::real>{1, 30, -20});
}

TEST_CASE("k-means: what cannot be grouped is an error that says why") {
  const ag::Tensor points = clouds(5, 1, 3, 0.1);
  KMeansConfig config;
  CHECK_THROWS_WITH_AS(group_items(points, config),
                       doctest::Contains("groups: found 20; expected 1 to the number of items, which is 5"),
                       ag::InputError);
  config.groups = 0;
  CHECK_THROWS_WITH_AS(group_items(points, config), doctest::Contains("groups: found 0"), ag::InputError);
  config.groups = 2;
  ag::Tensor bad = points.clone();
  bad.data()[7] = ag::real(NAN);
  CHECK_THROWS_WITH_AS(group_items(bad, config), doctest::Contains("NaN or infinite"), ag::Error);
  CHECK_THROWS_AS(group_items(ag::Tensor::zeros({5}), config), ag::Error);
  CHECK_THROWS_AS(p2rec::lloyd(points, ag::Tensor::zeros({2, 4}), config), ag::Error);
  CHECK_THROWS_AS(p2rec::lloyd(points, ag::Tensor::zeros({6, 3}), config), ag::Error);
  config.restarts = 0;
  CHECK_THROWS_AS(group_items(points, config), ag::Error);
}

TEST_CASE("preferences: shares of only the training part") {
  p2rec::Interactions data;
  data.user_ids = {"a", "b", "c"};
  data.item_ids = {"0", "1", "2", "3"};
  data.sequences = {{0, 1, 0, 2, 3, 3}, {3, 1}, {2}};  // the last two users are too short for targets
  ItemGroups groups;
  groups.groups = 3;
  groups.group_of = {0, 0, 2, 1};
  const ag::Tensor preferences = p2rec::user_preferences(data, groups);
  CHECK(preferences.shape() == ag::Shape{3, 3});
  CHECK(preferences.values() == std::vector<ag::real>{0.75, 0, 0.25, 0.5, 0.5, 0, 0, 0, 1});

  data.sequences[0][4] = 0;  // held-out items: the preferences may not change
  data.sequences[0][5] = 1;
  CHECK(p2rec::user_preferences(data, groups).values() == preferences.values());

  CHECK(p2rec::preference_of(data.sequences[1], groups).values() == std::vector<ag::real>{0.5, 0.5, 0});
  CHECK_THROWS_AS(p2rec::preference_of({}, groups), ag::Error);
  CHECK_THROWS_AS(p2rec::preference_of(std::vector<int32_t>{4}, groups), ag::Error);
  groups.group_of.pop_back();
  CHECK_THROWS_AS(p2rec::user_preferences(data, groups), ag::Error);
}
