#include "p2rec/data/load_data.h"

#include "p2rec/data/read_interactions.h"
#include "p2rec/data/synthetic.h"

namespace p2rec {

Interactions load_data(const std::string& name) {
  return name == "synthetic" ? make_synthetic(SyntheticConfig{}).interactions : read_interactions(name);
}

}  // namespace p2rec
