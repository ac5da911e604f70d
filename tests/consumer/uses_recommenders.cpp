// Ends with 0 if items that are popular in the training parts of made-up data are ranked better than chance
// does.
#include "models/recommenders/popularity.h"
#include "p2rec/data/synthetic.h"
#include "p2rec/evaluation/evaluation.h"

int main() {
  const p2rec::Interactions data = p2rec::make_synthetic({});
  const models::Popularity popular(p2rec::item_counts(data, p2rec::CountedPart::Training));
  const p2rec::Metrics metrics = p2rec::evaluate(popular, data);
  const double chance = 10.0 / static_cast<double>(data.items());
  return metrics.at("HR@10") > 2 * chance ? 0 : 1;
}
