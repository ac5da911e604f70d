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
  bool normalize = true;  // group_items first scales each row to length 1, so that only directions count
  int max_iterations = 300;
  double tolerance = 1e-4;  // stops when the centroids' squared movement <= tolerance * mean column variance
  int restarts = 10;        // the run with the smallest inertia wins; ties: the earliest
};
void describe(KMeansConfig& config, const nn::Visit& visit);

struct ItemGroups {
  std::vector<int32_t> group_of;  // per item: 0 .. groups-1
  int32_t groups = 0;             // K
  ag::Tensor centroids;           // (K,C); of normalised rows if `normalize`
  double inertia = 0;             // sum over items of the squared distance to the group's centroid
  int iterations = 0;
};

// Clusters the rows of item_table (V,C). Each restart starts from k-means++ (Arthur and
// Vassilvitskii 2007) with its own random stream. Sums are in double, and the result does not depend
// on the number of threads. Normalising leaves a row of zeros unchanged. Throws ag::InputError for
// fewer items than groups, ag::Error for NaN or infinity.
ItemGroups group_items(const ag::Tensor& item_table, const KMeansConfig& config);

// Lloyd's algorithm from the given centroids (K,C), on points (V,C) that it does not normalise. Ignores
// config.groups, seed, normalize and restarts. The rules are scikit-learn's (KMeans with init=array,
// n_init=1, algorithm="lloyd"):
//   ties     a point that is equally near to two centroids joins the lower index
//   empty    a group without points takes the point that is farthest from its centroid (ties: the lowest
//            index); the next empty group takes the next farthest. If all points are on their centroids, an
//            empty group gets the largest group's centroid
//   stop     when no point changed its group, or when the movement is within the tolerance; in the second
//            case, points are assigned once more, so that group_of always matches the centroids
ItemGroups lloyd(const ag::Tensor& points, ag::Tensor centroids, const KMeansConfig& config);

}  // namespace p2rec
