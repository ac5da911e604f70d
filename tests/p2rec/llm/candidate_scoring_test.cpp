// How a language model scores candidates: by their titles' probabilities, and as one token.
#include "p2rec/llm/candidate_scoring.h"

#include <cmath>
#include <numeric>

#include "autograd/ops.h"
#include "p2rec/llm/tiny_llm.h"
#include "tests/testing.h"

using namespace p2rec;
using ag::Tensor;
namespace tolerance = testing::tolerance;

namespace {

models::LlamaConfig small_llama(bool tied) {
  models::LlamaConfig config;
  config.vocabulary = 30;
  config.hidden = 16;
  config.intermediate = 24;
  config.layers = 2;
  config.heads = 4;
  config.kv_heads = 2;
  config.tied = tied;
  return config;
}

const std::vector<int32_t> kPrompt = {3, 17, 29, 4, 11};
const TitleTokens kTitles = {{5}, {5, 9, 28}, {0, 0}, {21, 2, 7, 13, 5, 1}};

Tensor as_tensor(const std::vector<double>& values) { return Tensor::from({std::ssize(values)}, values); }

}  // namespace

TEST_CASE("title scores: the sum of log-probabilities, as from whole sequences") {
  for (const bool tied : {true, false}) {
    models::Llama llm(small_llama(tied));
    models::initialise(llm, 0.3, 1);
    std::vector<double> expected;
    for (const std::vector<int32_t>& title : kTitles) {
      std::vector<int32_t> whole = kPrompt;
      whole.insert(whole.end(), title.begin(), title.end());
      // The mean loss of all tokens but the first, minus that of the prompt's own.
      const double all = next_token_loss(llm, {whole}).item(), own = next_token_loss(llm, {kPrompt}).item();
      expected.push_back(-(all * double(whole.size() - 1) - own * double(kPrompt.size() - 1)));
    }
    testing::check_close(as_tensor(title_scores(llm, kPrompt, kTitles)), as_tensor(expected),
                         tolerance::kFused, tied ? "tied" : "untied");
  }
}

TEST_CASE("title scores: the probabilities of all titles of one token sum to one") {
  models::Llama llm(small_llama(true));
  models::initialise(llm, 0.3, 1);
  TitleTokens all;
  for (int32_t token = 0; token < 30; ++token) all.push_back({token});
  double sum = 0;
  for (const double score : title_scores(llm, kPrompt, all)) sum += std::exp(score);
  CHECK(sum == doctest::Approx(1).epsilon(1e-5));
}

TEST_CASE("title vectors: a state's product with one is the mean of the title's logits") {
  for (const bool tied : {true, false}) {
    models::Llama llm(small_llama(tied));
    models::initialise(llm, 0.3, 1);
    const Tensor state = llm.last_states(llm.embed(Tensor::from_ints(kPrompt)), nn::pack({kPrompt})),
                 logits = llm.logits(state);
    std::vector<double> expected;
    for (const std::vector<int32_t>& title : kTitles) {
      double sum = 0;
      for (const int32_t token : title) sum += logits.data()[token];
      expected.push_back(sum / double(title.size()));
    }
    const Tensor found =
        ag::candidate_scores(state, title_vectors(llm, kTitles), Tensor::from_ints({1, 4}, {0, 1, 2, 3}));
    testing::check_close(ag::reshape(found, {4}), as_tensor(expected), tolerance::kFused,
                         tied ? "tied" : "untied");
  }
}

TEST_CASE("score_rows: a stopped table resumes with the next row") {
  const testing::TemporaryFolder folder;
  std::vector<int64_t> computed;
  const auto scores = [&](int64_t row) {
    computed.push_back(row);
    if (computed.size() == 3) request_stop();
    return std::vector<double>{double(row), double(row * row)};
  };
  const auto table = [&] {
    const auto journal = Journal::open(folder.path(), true);
    return score_rows(5, 2, "user", scores, journal->task("score", "options=1"));
  };
  CHECK_THROWS_AS(table(), Interrupted);
  forget_stop_request();
  const Tensor found = table();
  CHECK(computed == std::vector<int64_t>{0, 1, 2, 3, 4});
  for (int64_t row = 0; row < 5; ++row) {
    CHECK(found.data()[2 * row] == ag::real(row));
    CHECK(found.data()[2 * row + 1] == ag::real(row * row));
  }
}
