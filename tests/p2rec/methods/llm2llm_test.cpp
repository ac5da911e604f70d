// LLM2LLM: where its examples come from, and what is dropped.
#include "p2rec/methods/llm2llm/llm2llm.h"

#include <fmt/format.h>

#include "tests/testing.h"

using namespace p2rec;

namespace {

const std::vector<TextPair> kSeeds = {{"one apple", "1"}, {"two pears", "2"}, {"three plums", "3"}};

// Writes words that no other example has.
TextPair new_words(size_t seed, int64_t round, int64_t attempt) {
  const std::string tag = fmt::format("s{}r{}a{}", seed, round, attempt);
  return {"x" + tag + " y" + tag, tag};
}

const Once kAlways = [](int64_t, const std::function<std::vector<Generated>()>& make) { return make(); };

std::vector<std::string> froms(const std::vector<Generated>& all) {
  std::vector<std::string> from;
  for (const Generated& g : all) from.push_back(g.from);
  return from;
}

}  // namespace

TEST_CASE(
    "provenance: a generated example comes from a seed that was answered wrongly, never from a generated "
    "one") {
  std::vector<std::vector<TextPair>> trained_on;
  const Student student = [&](int64_t round, const std::vector<TextPair>& examples) {
    trained_on.push_back(examples);
    return std::vector<bool>{round == 2, false, true};  // the first seed is learned in round 2
  };
  const std::vector<Generated> all = llm2llm(kSeeds, student, new_words, {.rounds = 3}, kAlways);
  CHECK(froms(all) ==
        std::vector<std::string>{"one apple", "two pears", "two pears", "one apple", "two pears"});
  REQUIRE(trained_on.size() == 3);
  for (size_t round = 0; round < 3; ++round) {  // always from the base, on the seeds and all earlier examples
    const size_t earlier = round == 0 ? 0 : round == 1 ? 2 : 3;
    std::vector<TextPair> expected = kSeeds;
    for (size_t i = 0; i < earlier; ++i) expected.push_back(all[i].text);
    CHECK(trained_on[round] == expected);
  }
  for (size_t i = 0; i < all.size(); ++i) CHECK(all[i].round == (i < 2 ? 1 : i < 3 ? 2 : 3));
}

TEST_CASE("a near-duplicate of a seed or of a generated example is dropped, and asked for again") {
  const std::vector<bool> right = {false, true, false};
  const std::vector<Generated> before = {{{"a fourth fig", "4"}, "one apple", 1, ""},
                                         {{"dropped before", ""}, "one apple", 1, "near-duplicate"}};
  const std::vector<std::string> of_first = {"two PEARS.", "a fourth fig", "dropped before"},
                                 of_third = {"dropped before", "five kiwis"};
  const Teacher teacher = [&](size_t seed, int64_t, int64_t attempt) -> TextPair {
    return {(seed == 0 ? of_first : of_third).at(static_cast<size_t>(attempt)), "?"};
  };
  const std::vector<Generated> written = teach(kSeeds, right, before, 2, 0.95, teacher);
  std::vector<std::string> texts, reasons;
  for (const Generated& g : written) texts.push_back(g.text.input), reasons.push_back(g.dropped);
  CHECK(texts == std::vector<std::string>{"two PEARS.", "a fourth fig", "dropped before", "dropped before",
                                          "five kiwis"});
  const std::string near = "near-duplicate";
  CHECK(reasons == std::vector<std::string>{near, near, "", near, ""});
  CHECK(froms(written).back() == "three plums");
}

TEST_CASE("ROUGE-L of exactly the limit is not a near-duplicate; a teacher is asked at most ten times") {
  const std::string twenty = "a b c d e f g h i j k l m n o p q r s t";
  const std::vector<TextPair> seeds = {{twenty, ""}};
  const auto last_word = [&](const std::string& word) -> Teacher {
    return [=](size_t, int64_t, int64_t) -> TextPair { return {twenty.substr(0, 38) + word, ""}; };
  };
  CHECK(teach(seeds, {false}, {}, 1, 0.95, last_word("z")).size() == 1);  // 2 * 19 / 40
  const auto all = teach(seeds, {false}, {}, 1, 0.95, last_word("t"));
  CHECK(all.size() == kTeacherTries);
  CHECK(kept(all).empty());
}
