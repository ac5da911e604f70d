// Arithmetic word problems: every solution is right, and the teacher's problems are of the same kind.
#include "p2rec/methods/llm2llm/arithmetic.h"

#include <regex>
#include <set>
#include <sstream>

#include "tests/testing.h"

using namespace p2rec;

namespace {

constexpr uint32_t kStream = ag::stream("seed problems");

WordProblem problem(uint32_t i) { return random_problem({5, i, kStream}); }

std::vector<size_t> kinds(const WordProblem& p) {
  std::vector<size_t> all;
  for (const ArithmeticStep& step : p.steps) all.push_back(step.kind);
  return all;
}

// Computes the steps of an output again; returns the result, or -1 if a step is wrong.
int64_t recomputed(const TextPair& text) {
  static const std::regex step(R"((\d+) ([-+*/]) (\d+) = (\d+))");
  std::smatch start;
  REQUIRE(std::regex_search(text.input, start, std::regex(R"(has (\d+) )")));
  int64_t n = std::stoll(start[1]);
  for (std::sregex_iterator i(text.output.begin(), text.output.end(), step), end; i != end; ++i) {
    const int64_t a = std::stoll((*i)[1]), k = std::stoll((*i)[3]), result = std::stoll((*i)[4]);
    const char sign = (*i)[2].str()[0];
    const bool right = sign == '+'   ? a + k == result
                       : sign == '-' ? a - k == result
                       : sign == '*' ? a * k == result
                                     : result * k == a;
    if (a != n || !right || text.input.find(" " + std::to_string(k)) == std::string::npos) return -1;
    n = result;
  }
  return n;
}

}  // namespace

TEST_CASE("the text of a problem") {
  const TextPair text = text_of({0, 1, 12, {{0, 6, 1}, {3, 2, 0}}});
  CHECK(text.input ==
        "Tom has 12 books. Then Tom gets 6 more. Tom keeps one of 2 equal parts. How many books does Tom "
        "have?");
  CHECK(text.output == "12 + 6 = 18; 18 / 2 = 9 #### 9");
  CHECK(arithmetic_task().is_right("#### 9", text.output));
}

TEST_CASE("500 problems: each solution is right, and all kinds and lengths occur") {
  std::set<size_t> seen, lengths;
  std::set<std::string> texts;
  for (uint32_t i = 0; i < 500; ++i) {
    const WordProblem p = problem(i);
    const TextPair text = text_of(p);
    CAPTURE(text.input);
    CAPTURE(text.output);
    const int64_t result = recomputed(text);
    CHECK(result >= 1);
    CHECK(result <= 300);
    CHECK(text.output.ends_with(" #### " + std::to_string(result)));
    for (const size_t kind : kinds(p)) seen.insert(kind);
    lengths.insert(p.steps.size());
    texts.insert(text.input);
  }
  CHECK(seen == std::set<size_t>{0, 1, 2, 3});
  CHECK(lengths == std::set<size_t>{1, 2, 3});
  CHECK(texts.size() > 490);
}

TEST_CASE("a similar problem has the same thing and kinds of steps, another name and other numbers") {
  int same_numbers = 0;
  for (uint32_t i = 0; i < 200; ++i) {
    const WordProblem p = problem(i), similar = similar_problem(p, {9, i, kStream});
    CHECK(similar.thing == p.thing);
    CHECK(kinds(similar) == kinds(p));
    CHECK(similar.name != p.name);
    CHECK(recomputed(text_of(similar)) >= 1);
    same_numbers += similar.start == p.start && similar.steps[0].number == p.steps[0].number;
  }
  CHECK(same_numbers < 10);
}
