// What all chapters rely on: a chapter's exit code tells whether its properties hold, and wrong options are
// refused.
#include "tutorials/lesson.h"

#include "tests/testing.h"

namespace {

int exit_code(std::vector<std::string> arguments, void (*chapter)(const lesson::Options&)) {
  arguments.insert(arguments.begin(), "chapter");
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  lesson::failures().clear();
  return lesson::run(static_cast<int>(argv.size()), argv.data(), {"--data"}, chapter);
}

lesson::Options seen;
void remember(const lesson::Options& options) { seen = options; }

}  // namespace

TEST_CASE("the exit code of a chapter is 0 only if every property holds") {
  CHECK(exit_code({}, [](const lesson::Options&) { lesson::check(true, "holds"); }) == 0);
  CHECK(exit_code({}, [](const lesson::Options&) {
          lesson::check(false, "the first property");
          lesson::check(true, "the second property");
        }) == 1);
  CHECK(lesson::failures() == std::vector<std::string>{"the first property"});
  CHECK(exit_code({}, [](const lesson::Options&) { throw ag::Error("broken"); }) == 1);
  CHECK(exit_code({}, [](const lesson::Options&) { throw ag::InputError("no such file"); }) == 2);
}

TEST_CASE("a chapter takes the options that it names, and refuses others") {
  CHECK(exit_code({"--quick", "--seed", "7", "--data", "ratings.csv"}, remember) == 0);
  CHECK(seen.quick);
  CHECK(seen.seed == 7);
  CHECK(seen.data == "ratings.csv");
  CHECK(exit_code({}, remember) == 0);
  CHECK_FALSE(seen.quick);
  for (const char* wrong : {"--llm", "--quickly", "quick"}) CHECK(exit_code({wrong, "x"}, remember) == 2);
  for (const char* seed : {"", "-1", "7x", "1.5"}) CHECK(exit_code({"--seed", seed}, remember) == 2);
  CHECK(exit_code({"--seed"}, remember) == 2);
}

TEST_CASE("the largest difference of two tensors hides no NaN and no other size") {
  const ag::Tensor a = ag::Tensor::from({3}, {1, 2, 3});
  CHECK(lesson::largest_difference(a, a) == 0);
  CHECK(lesson::largest_difference(a, ag::Tensor::from({3}, {1, 4, 2})) == 2);
  CHECK(lesson::largest_difference(a, ag::Tensor::from({3}, {1, NAN, 3})) == INFINITY);
  CHECK(lesson::largest_difference(a, ag::Tensor::from({2}, {1, 2})) == INFINITY);
}
