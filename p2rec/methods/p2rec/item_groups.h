// Step 2 of the method: latent categories. k-means over the teacher's item table gives each item a group; no
// side information is needed. From the paper: k-means over the item embeddings. Ours: the number of groups,
// normalised rows, the number of restarts, the rules for ties and empty groups.
#pragma once

#include <cstdint>
#include <vector>

#include "autograd/tensor.h"
#include "nn/io/describe.h"

namespace p2rec {

struct KMeansConfig {
  int32_t groups = 20;  // K
  uint64_t seed = 1;
  bool normalize = true;  // group_items gives each row length 1 first: groups by direction, as scores do
  int max_iterations = 300;
  double tolerance =
      1e-4;           // stops when the centroids' squared movement <= this * mean variance of the columns
  int restarts = 10;  // the run with the smallest inertia wins, the earliest of equals
};
void describe(KMeansConfig& config, const nn::Visit& visit);

struct ItemGroups {
  std::vector<int32_t> group_of;  // per item: 0 .. groups-1
  int32_t groups = 0;             // K
  ag::Tensor centroids;           // (K,C), of the normalised rows if they were
  double inertia = 0;             // sum over items of the squared distance to the group's centroid
  int iterations = 0;
};

// item_table (V,C). Starts by k-means++ (Arthur and Vassilvitskii 2007) from the seed, one stream per
// restart; sums in double; the result does not depend on the number of threads. A row of zeros stays zero
// when rows are normalised. Throws ag::InputError for fewer items than groups, ag::Error for NaN or infinity.
ItemGroups group_items(const ag::Tensor& item_table, const KMeansConfig& config);

// Lloyd's algorithm from the given start: points (V,C) as they are, centroids (K,C). Ignores config.groups,
// seed, normalize and restarts. The rules are scikit-learn's (KMeans with init=array, n_init=1,
// algorithm="lloyd"):
//   ties     a point as near to two centroids belongs to the lower index
//   empty    a group without points takes the point that is farthest from its centroid (of equals the lowest
//            index), several such groups take them in turn; if all points lie on their centroids,
//            an empty group joins the largest group's centroid
//   stop     when no point changed its group, or when the movement is within the tolerance: then points are
//            assigned once more, so that group_of always belongs to the centroids
ItemGroups lloyd(const ag::Tensor& points, ag::Tensor centroids, const KMeansConfig& config);

}  // namespace p2rec
