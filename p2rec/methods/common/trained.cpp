#include "p2rec/methods/common/trained.h"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "nn/io/safetensors.h"
#include "p2rec/run/run_folder.h"

namespace p2rec {

double Trained::best() const { return validation.empty() ? NAN : std::ranges::max(validation); }

Trained trained_from(const nn::Path& file) {
  const nn::Metadata metadata = nn::read_safetensors_metadata(file);
  Trained t{integer_in(metadata, "epochs", file),
            integer_in(metadata, "best_epoch", file),
            integer_in(metadata, "tokens", file),
            {}};
  const auto text = metadata.find("validation");
  std::istringstream values(text == metadata.end() ? "" : text->second);
  for (double value; values >> value;) t.validation.push_back(value);
  return t;
}

double epoch_that_reaches(double best, const Trained& t) {
  const auto reached = std::ranges::find_if(t.validation, [&](double value) { return value >= best; });
  return reached == t.validation.end() ? NAN : static_cast<double>(reached - t.validation.begin() + 1);
}

}  // namespace p2rec
