#include "models/llama/generation.h"

#include <map>

#include "models/tokenizers/byte_tokenizer.h"
#include "tests/testing.h"

using ag::Tensor;
using models::Generation;
using models::Prompt;
using models::Sampling;

namespace {

using Ids = std::vector<int32_t>;

std::unique_ptr<models::Llama> small_model(uint64_t seed) {
  models::LlamaConfig config;
  config.vocabulary = models::ByteTokenizer().vocabulary();
  config.hidden = 16;
  config.intermediate = 24;
  config.layers = 2;
  config.heads = 2;
  config.kv_heads = 1;
  config.context = 64;
  auto model = std::make_unique<models::Llama>(config);
  models::initialise(*model, 0.5, seed);
  return model;
}

// Prompts of 1 to 11 tokens; every third one equals another but for its number.
std::vector<Prompt> uneven_prompts(uint32_t count) {
  std::vector<Prompt> prompts;
  for (uint32_t i = 0; i < count; ++i) {
    Ids ids;
    const uint32_t kind = i - (i % 3 == 2);
    for (uint32_t j = 0; j < 1 + 7 * kind % 11; ++j)
      ids.push_back(static_cast<int32_t>(65 + (kind + 3 * j) % 40));
    prompts.push_back({ids, i});
  }
  return prompts;
}

struct Finished {
  std::vector<Ids> results;   // by the index of the prompt
  std::vector<size_t> order;  // in which they finished
};

Finished generate_all(const models::Llama& model, const std::vector<Prompt>& prompts,
                      const Generation& config) {
  Finished finished{std::vector<Ids>(prompts.size()), {}};
  models::generate(model, prompts, config, [&](size_t i, const Ids& ids) {
    finished.results.at(i) = ids;
    finished.order.push_back(i);
  });
  return finished;
}

// The continuation by definition: the whole text again for each token.
Ids by_whole_passes(const models::Llama& model, const Prompt& prompt, const Generation& config) {
  const ag::NoGrad no_grad;
  Ids text = prompt.ids, result;
  while (static_cast<int64_t>(result.size()) < config.tokens) {
    const Tensor h = model.hidden_states(nn::pack({text}));
    const Tensor logits = model.logits(h.rows(h.dim(0) - 1, h.dim(0)));
    const int32_t token =
        models::next_token(logits, config.sampling, static_cast<int64_t>(result.size()), prompt.number);
    if (std::ranges::count(config.ends, token)) break;
    text.push_back(token);
    result.push_back(token);
  }
  return result;
}

}  // namespace

TEST_CASE("many sequences at once: each gets the tokens that it gets by itself") {
  const auto model = small_model(3);
  const std::vector<Prompt> prompts = uneven_prompts(20);
  for (const Sampling& sampling : {Sampling{}, Sampling{2, 50, 0.95, 5}}) {
    Generation config{20, {}, sampling};
    // Tokens that occur at different places of the continuations, so that sequences end early.
    const Ids free = by_whole_passes(*model, prompts[0], config),
              other = by_whole_passes(*model, prompts[7], config);
    config.ends = {free.back(), other[3], 1000};
    std::vector<Ids> expected;
    size_t shortest = 20, longest = 0;
    for (const Prompt& prompt : prompts) {
      expected.push_back(by_whole_passes(*model, prompt, config));
      shortest = std::min(shortest, expected.back().size());
      longest = std::max(longest, expected.back().size());
    }
    CHECK(shortest < 5);
    CHECK(longest == 20);
    // All at once; some, while others join; one after the other.
    for (const int64_t at_once : {10000, 130, 64, 1}) {
      config.tokens_at_once = at_once;
      CAPTURE(at_once);
      CHECK(generate_all(*model, prompts, config).results == expected);
    }
  }
}

TEST_CASE("a part of the prompts gets the same continuations, by its numbers") {
  const auto model = small_model(3);
  const std::vector<Prompt> prompts = uneven_prompts(6);
  const Generation config{8, {}, {2, 50, 0.95, 5}};
  const std::vector<Ids> all = generate_all(*model, prompts, config).results;
  CHECK(generate_all(*model, {prompts[4], prompts[1]}, config).results == std::vector{all[4], all[1]});
  // Prompts 1 and 2 are equal; only their numbers differ.
  REQUIRE(prompts[1].ids == prompts[2].ids);
  CHECK(all[1] != all[2]);
  CHECK(models::generate(*model, prompts[0].ids, config) == all[0]);
}

TEST_CASE("the next sequence joins as soon as there is room for all its tokens") {
  const auto model = small_model(3);
  const Ids first = {65, 66, 67}, second = {70, 71};
  Generation config{12};
  const Ids end = models::generate(*model, second, config);
  config.ends = {end[1]};  // the second sequence ends early, and the first one does not
  REQUIRE(models::generate(*model, second, config).size() <= 1);
  REQUIRE(models::generate(*model, first, config).size() == 12);
  const auto order = [&](int64_t at_once) {
    config.tokens_at_once = at_once;
    return generate_all(*model, {{first}, {second}}, config).order;
  };
  CHECK(order(3 + 12 + 2 + 12) == std::vector<size_t>{1, 0});
  CHECK(order(3 + 12 + 2 + 12 - 1) == std::vector<size_t>{0, 1});
}

TEST_CASE("an end token is not returned, and each of several ends a continuation") {
  const auto model = small_model(3);
  const Ids prompt = {65, 66, 67};
  const Sampling sampling{2, 50, 0.95, 5};
  const auto text = [&](const Ids& ends) { return models::generate(*model, prompt, {20, ends, sampling}); };
  const Ids drawn = text({});
  REQUIRE(drawn.size() == 20);
  CHECK(text({drawn[4]}) == Ids(drawn.begin(), std::find(drawn.begin(), drawn.end(), drawn[4])));
  CHECK(text({-1, drawn[9], drawn[4]}) == text({drawn[4], drawn[9]}));
  CHECK(text({drawn[9], drawn[4]}).size() <= 4);
}

TEST_CASE(
    "text: top-k 1 is greedy, a seed gives one text, and a shorter text is the beginning of a longer one") {
  const auto model = small_model(3);
  const auto text = [&](const Sampling& sampling, int64_t tokens = 20) {
    return models::generate(*model, {65, 66, 67}, {tokens, {}, sampling});
  };
  const Ids greedy = text({});
  CHECK(greedy.size() == 20);
  CHECK(text({1.7, 1, 1, 5}) == greedy);
  CHECK(text({1e-6, 0, 1, 5}) == greedy);
  const Sampling sampling{2, 50, 0.95, 5};
  const Ids drawn = text(sampling);
  CHECK(drawn != greedy);
  CHECK(text(sampling) == drawn);
  CHECK(text({2, 50, 0.95, 6}) != drawn);
  CHECK(text(sampling, 7) == Ids(drawn.begin(), drawn.begin() + 7));
}

TEST_CASE("generation refuses an empty prompt and no tokens") {
  const auto model = small_model(3);
  CHECK_THROWS_AS(models::generate(*model, Ids{}), ag::Error);
  CHECK_THROWS_AS(models::generate(*model, Ids{65}, {0}), ag::Error);
}

TEST_CASE("greedy: every token is the one with the largest logit") {
  const auto model = small_model(4);
  const ag::NoGrad no_grad;
  Ids ids = {72, 101};
  for (const int32_t id : models::generate(*model, ids, {10})) {
    const Tensor h = model->hidden_states(nn::pack({ids}));
    const Tensor logits = model->logits(h.rows(h.dim(0) - 1, h.dim(0)));
    for (int64_t other = 0; other < logits.numel(); ++other) {
      CHECK(logits.data()[other] <= logits.data()[id] + ag::real(1e-4));
    }
    ids.push_back(id);
  }
}
