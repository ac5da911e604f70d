// The engine with a test method of two stages, which write a line each. The engine knows no method by name.
#include "p2rec/run/options.h"
#include "p2rec/run/results_file.h"
#include "p2rec/run/stage.h"
#include "tests/folders.h"
#include "tests/p2rec/cli/shell.h"
#include "tests/p2rec/run/small_run.h"

namespace {

using namespace p2rec;
using testing::contains;
using testing::message_of;

struct Words {
  std::string word = "one";
};
void describe(Words& c, const nn::Visit& visit) { visit({"word", "what is written"}, &c.word); }
struct Count {
  int64_t times = 1;
};
void describe(Count& c, const nn::Visit& visit) { visit({"times", "how often", nn::at_least(1)}, &c.times); }

RunConfig small_run() {
  RunConfig run;
  run.data.name = "data.txt";
  run.out = "out";
  run.quiet = true;
  return run;
}

// The stage "first" writes the word, "second" writes it several times.
struct TwoStages {
  RunConfig run = small_run();
  Words words;
  Count count;
  int runs = 0;
  std::function<void(const Context&)> also = [](const Context&) {};  // the second stage also calls this

  Sections sections() {
    return {Section::of("run", "Run", run), Section::of("words", "Words", words),
            Section::of("count", "Count", count)};
  }
  Stages stages() {
    Stage first{.name = "first", .files = {"first.txt"}, .configs = {"words"}};
    first.run = [this](const Context& context) {
      ++runs;
      nn::write_atomically(context.output("first.txt"), context.config<Words>("words").word);
      return 0;
    };
    Stage second{.name = "second", .inputs = {"first"}, .files = {"second-*.txt"}, .configs = {"count"}};
    second.run = [this](const Context& context) {
      ++runs;
      std::string text;
      for (int64_t i = 0; i < context.config<Count>("count").times; ++i)
        text += nn::read_file(context.input("first", "first.txt"), "word");
      nn::write_atomically(context.output("second-1.txt"), text);
      also(context);
      return 0;
    };
    return {first, second};
  }
  void go(const std::string& first = "first", const std::string& last = "second") {
    run_stages(run, sections(), stages(), first, last);
  }
  std::string problem(const std::string& first = "first", const std::string& last = "second") {
    return message_of([&] { go(first, last); });
  }
};

struct Here : testing::WorkingFolder {
  Here() { testing::write_data(testing::small_data()); }
};

std::string content(const char* file) { return nn::read_file(file, "artefact"); }

}  // namespace

TEST_CASE("stages run once, in order, and are skipped when a run is resumed") {
  const Here here;
  TwoStages method;
  method.count.times = 2;
  method.go();
  CHECK(content("out/second-1.txt") == "oneone");
  CHECK(contains(method.problem(), "--resume resumes it"));
  method.run.resume = true;
  method.go();
  CHECK(method.runs == 2);
}

TEST_CASE("an option that a stage declares is part of its fingerprint, and of those that depend on it") {
  const Here here;
  TwoStages method;
  method.go();
  method.run.resume = true;
  method.count.times = 3;
  CHECK(contains(method.problem("second"), "times=1, now times=3"));
  method.words.word = "two";
  CHECK(contains(method.problem("second"), "the stage 'first' was run with word=one, now word=two"));
  method.run.resume = false;
  method.run.overwrite = true;
  method.go();
  CHECK(content("out/second-1.txt") == "twotwotwo");
  method.count.times = 1;  // an option of only the second stage
  method.go("second");
  CHECK(method.runs == 5);
  CHECK(content("out/second-1.txt") == "two");
}

TEST_CASE("a stage gets nothing that it does not declare") {
  const Here here;
  TwoStages method;
  method.run.overwrite = true;
  const auto refused = [&](const std::function<void(const Context&)>& act, const char* expected) {
    method.also = act;
    CHECK_THROWS_WITH_AS(method.go(), doctest::Contains(expected), ag::Error);
  };
  refused([](const Context& c) { c.config<Words>("words"); }, "does not declare the section 'words'");
  refused([](const Context& c) { c.config<Words>("count"); }, "of another type");
  refused([](const Context& c) { c.input("second", "second-1.txt"); }, "does not declare the input 'second'");
  refused([](const Context& c) { c.output("third.txt"); }, "does not declare the file 'third.txt'");
  refused([](const Context& c) { c.seeds(); }, "does not declare that it depends on all seeds");
  refused([](const Context& c) { target_item(c.data(), 0, Target::Validation); }, "hidden");
  refused([](const Context& c) { target_item(c.data(), 0, Target::Test); }, "hidden");
}

TEST_CASE("a check fails before anything is removed or made") {
  const Here here;
  TwoStages method;
  method.go();
  method.run.overwrite = true;
  Stages stages = method.stages();
  stages[1].check = [](const Context& context) {
    INPUT_CHECK(context.config<Count>("count").times < 5, "times: too many");
  };
  method.count.times = 7;
  CHECK(message_of([&] { run_stages(method.run, method.sections(), stages, "first", "second"); }) ==
        "times: too many");
  CHECK(method.runs == 2);
  CHECK(content("out/first.txt") == "one");
  method.run.out = "new";
  CHECK(message_of([&] { run_stages(method.run, method.sections(), stages, "first", "second"); }) ==
        "times: too many");
  CHECK_FALSE(std::filesystem::exists("new"));
}

TEST_CASE("stages that nothing needs, or that do not exist") {
  const Here here;
  TwoStages method;
  CHECK(contains(method.problem("third"),
                 "found the stage 'third'; expected a stage of this method: first, second"));
  CHECK(contains(method.problem("second"), "the stage 'first' has not been run here"));
  Stages stages = method.stages();
  stages[1].inputs.clear();
  stages[1].run = [](const Context&) { return 0; };
  run_stages(method.run, method.sections(), stages, "first", "second");
  CHECK(method.runs == 0);
}

TEST_CASE("a method without interactions runs without any") {
  const testing::WorkingFolder here;
  TwoStages method;
  method.run.data.name.clear();
  method.also = [](const Context& context) { CHECK(context.data().users() == 0); };
  method.go();
  CHECK(content("out/second-1.txt") == "one");
  CHECK_FALSE(ResultsFile("out").read().data.has_value());
}

TEST_CASE("a run of an earlier version is refused in one line") {
  const Here here;
  TwoStages method;
  method.go();
  nn::write_atomically("out/manifest.json", "{\n \"first\": \"word=one\\n\"\n}\n");
  method.run.resume = true;
  CHECK(contains(method.problem(), "out/manifest.json: this run was made by another version of p2rec"));
  nn::write_atomically("out/results.json", "[\"another version\"]");
  method.run.resume = false;
  method.run.overwrite = true;
  CHECK(method.problem() == "no error");
}
