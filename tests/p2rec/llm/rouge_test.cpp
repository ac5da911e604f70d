// ROUGE-L against the package rouge-score.
#include "p2rec/llm/rouge.h"

#include <nlohmann/json.hpp>

#include "nn/io/files.h"
#include "tests/paths.h"
#include "tests/testing.h"

TEST_CASE("ROUGE-L equals rouge-score's") {
  const auto fixture = nlohmann::json::parse(nn::read_file(nn::Path(fixtures()) / "rouge.json", "fixture"));
  size_t between = 0;
  for (const auto& pair : fixture.at("pairs")) {
    const std::string expected = pair[0], found = pair[1];
    CAPTURE(expected);
    CAPTURE(found);
    const double f = pair[2];
    between += f > 0 && f < 1;
    CHECK(p2rec::rouge_l(p2rec::rouge_words(expected), p2rec::rouge_words(found)) ==
          doctest::Approx(f).epsilon(1e-12));
  }
  CHECK(between > 20);
}
