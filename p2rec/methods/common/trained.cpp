#include "p2rec/methods/common/trained.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <sstream>

#include "p2rec/run/run_folder.h"

namespace p2rec {

double Trained::best() const { return validation.empty() ? NAN : std::ranges::max(validation); }

void add_facts(nn::Metadata& metadata, const Recommender& r) {
  metadata["epochs"] = std::to_string(r.epochs);
  metadata["best_epoch"] = std::to_string(r.best_epoch);
  metadata["tokens"] = std::to_string(r.tokens);
  metadata["validation"] = fmt::format("{}", fmt::join(r.validation, " "));
}

Trained trained_from(const nn::Path& file) {
  const nn::Metadata metadata = nn::read_safetensors_metadata(file);
  Trained t{integer_in(metadata, "epochs", file),
            integer_in(metadata, "best_epoch", file),
            integer_in(metadata, "tokens", file),
            {}};
  const auto text = metadata.find("validation");
  std::istringstream values(text == metadata.end() ? "" : text->second);
  for (double value; values >> value;) t.validation.push_back(value);
  if (const auto doubt = metadata.find("teacher_doubt"); doubt != metadata.end())
    t.teacher_doubt = doubt->second;
  return t;
}

double epoch_that_reaches(double best, const Trained& t) {
  const auto reached = std::ranges::find_if(t.validation, [&](double value) { return value >= best; });
  return reached == t.validation.end() ? NAN : static_cast<double>(reached - t.validation.begin() + 1);
}

}  // namespace p2rec
