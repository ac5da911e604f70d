#include "p2rec/methods/llm2llm/arithmetic.h"

#include <fmt/format.h>

#include <array>
#include <optional>

namespace p2rec {
namespace {

const std::array kNames = {"Tom", "Ann", "Ben", "Eva", "Max", "Lea",
                           "Sam", "Ida", "Leo", "Mia", "Jan", "Zoe"};
const std::array kThings = {"apples", "books", "cards", "coins", "eggs", "pens", "shells", "stamps"};

struct Operation {
  char sign;
  std::array<const char*, 2> sentences;
  int64_t low, high;  // the numbers
};
const std::array kOperations = {
    Operation{'+', {"{} finds {} more.", "Then {} gets {} more."}, 2, 40},
    Operation{'-', {"{} gives {} away.", "Then {} loses {}."}, 2, 40},
    Operation{'*', {"{} ends up with {} times as many.", "Then {} makes it {} times as many."}, 2, 9},
    Operation{'/', {"{} keeps one of {} equal parts.", "Then {} is left with one of {} equal shares."}, 2, 6},
};
constexpr int64_t kLargest = 300, kLargestStart = 50;
constexpr int64_t kMostSteps = 3;

// The result of a step; none if it is not an integer in range.
std::optional<int64_t> after(int64_t n, const ArithmeticStep& step) {
  const int64_t k = step.number;
  const char sign = kOperations.at(step.kind).sign;
  if (sign == '/' && n % k != 0) return std::nullopt;
  const int64_t result = sign == '+' ? n + k : sign == '-' ? n - k : sign == '*' ? n * k : n / k;
  return result >= 1 && result <= kLargest ? std::optional(result) : std::nullopt;
}

// Draws numbers one after the other.
class Draw {
 public:
  explicit Draw(const ag::RandomKey& key) : key_(key) {}
  size_t below(size_t n) { return ag::random_below(key_, next_++, static_cast<uint32_t>(n)); }
  int64_t between(int64_t low, int64_t high) {  // both ends included
    return low + static_cast<int64_t>(below(static_cast<size_t>(high - low + 1)));
  }

 private:
  ag::RandomKey key_;
  uint64_t next_ = 0;
};

// Sets new words and numbers for the kinds of steps that the problem has.
void draw_numbers(WordProblem& problem, Draw& draw) {
  for (bool fits = false; !fits;) {
    problem.start = draw.between(2, kLargestStart);
    std::optional<int64_t> n = problem.start;
    for (ArithmeticStep& step : problem.steps) {
      const Operation& operation = kOperations.at(step.kind);
      step.number = draw.between(operation.low, operation.high);
      step.wording = draw.below(operation.sentences.size());
      if (n) n = after(*n, step);
    }
    fits = n.has_value();
  }
}

}  // namespace

TextPair text_of(const WordProblem& problem) {
  const std::string name = kNames.at(problem.name), thing = kThings.at(problem.thing);
  std::string input = fmt::format("{} has {} {}.", name, problem.start, thing), output;
  int64_t n = problem.start;
  for (const ArithmeticStep& step : problem.steps) {
    const Operation& operation = kOperations.at(step.kind);
    input += " " + fmt::format(fmt::runtime(operation.sentences.at(step.wording)), name, step.number);
    const int64_t result = after(n, step).value();
    output +=
        fmt::format("{}{} {} {} = {}", output.empty() ? "" : "; ", n, operation.sign, step.number, result);
    n = result;
  }
  return {input + fmt::format(" How many {} does {} have?", thing, name),
          output + fmt::format(" #### {}", n)};
}

WordProblem random_problem(const ag::RandomKey& key) {
  Draw draw(key);
  WordProblem problem{draw.below(kNames.size()), draw.below(kThings.size())};
  problem.steps.resize(static_cast<size_t>(draw.between(1, kMostSteps)));
  for (ArithmeticStep& step : problem.steps) step.kind = draw.below(kOperations.size());
  draw_numbers(problem, draw);
  return problem;
}

WordProblem similar_problem(const WordProblem& problem, const ag::RandomKey& key) {
  Draw draw(key);
  WordProblem similar = problem;
  similar.name = (problem.name + 1 + draw.below(kNames.size() - 1)) % kNames.size();
  draw_numbers(similar, draw);
  return similar;
}

InstructionTask arithmetic_task() {
  return {.instruction = "Solve the problem step by step.",
          .longest_output = "100 + 100 = 200; 200 + 100 = 300; 300 - 100 = 200 #### 200",
          .is_right = same_number};
}

}  // namespace p2rec
