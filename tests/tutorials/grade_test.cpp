// What all exercises rely on: a right part is given its share of the points, and a wrong one is told where.
#include "tutorials/exercises/grade.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "autograd/ops.h"
#include "nn/io/files.h"
#include "tests/testing.h"

namespace {

using ag::Tensor;
using exercise::Grade;

// What one part says is wrong; empty if it is right.
std::string wrong(const std::function<void(Grade&)>& checks) {
  Grade grade;
  grade.part("part", [&] { checks(grade); });
  CHECK(grade.parts().size() == 1);
  CHECK(grade.parts()[0].holds == grade.parts()[0].wrong.empty());
  return grade.parts()[0].wrong;
}

const Tensor kTwo = Tensor::from({2, 2}, {1, 2, 3, 4});

}  // namespace

TEST_CASE("a wrong element is named, and what is right is listed") {
  CHECK(wrong([](Grade& grade) { grade.close("dw", kTwo, kTwo); }).empty());
  CHECK(wrong([](Grade& grade) {
          grade.close("dx", kTwo, kTwo);
          grade.close("dw", Tensor::from({2, 2}, {1, 2, 3, 0.25}), kTwo);
        }) == "dw is wrong: element (1, 1) is 0.25, expected 4 (1 of 4 are wrong)\ndx is right");
  CHECK(wrong([](Grade& grade) { grade.close("loss", 0.5, 0.25); }) ==
        "loss is wrong: it is 0.5, expected 0.25");
  CHECK(wrong([](Grade& grade) {
          grade.equal("order", {2, 1}, {1, 2});
        }) == "order is wrong: it is (2, 1), expected (1, 2)");
  CHECK(wrong([](Grade& grade) { grade.close("y", Tensor::zeros({4}), kTwo); }) ==
        "y is wrong: its shape is (4), expected (2, 2)");
  CHECK(
      wrong([](Grade& grade) { grade.close("y", Tensor(), kTwo); }).starts_with("y is wrong: there is none"));
  CHECK(wrong([](Grade& grade) { grade.close("y", NAN, 1); }).starts_with("y is wrong: it is"));
}

TEST_CASE("what checks in a loop say is said once") {
  CHECK(wrong([](Grade& grade) {
          for (int i = 0; i < 2; ++i) grade.close("dx", kTwo, kTwo), grade.check(false, "the sign is wrong");
        }) == "the sign is wrong\ndx is right");
}

TEST_CASE("more than three right results are counted") {
  const auto right = [](int count) {
    return wrong([=](Grade& grade) {
      for (int i = 0; i < count; ++i) grade.close(ag::message("y", i), 1, 1);
      grade.close("z", 2, 1);
    });
  };
  CHECK(right(3).ends_with("\ny0, y1, y2 are right"));
  CHECK(right(4).ends_with("\n4 others are right"));
}

TEST_CASE("a factor that all elements share is named") {
  const auto of = [](double factor) {
    return wrong([=](Grade& grade) { grade.close("y", ag::scale(kTwo, factor), kTwo); });
  };
  CHECK(of(-1).ends_with("all are -1 times what is expected"));
  CHECK(of(0.5).ends_with("all are 0.5 times what is expected"));
  CHECK(of(0).ends_with("all are 0"));
}

TEST_CASE("points are the share of the parts that are right, and an exception ends only its part") {
  Grade grade;
  CHECK(grade.share() == 0);
  grade.part("one", [&] { grade.check(true, ""); });
  grade.part("two", [&] {
    grade.check(false, "the first reason");
    grade.check(false, "the second reason");
  });
  grade.part("three", [&] { throw exercise::NotImplemented("the gradient"); });
  grade.part("four", [&] { throw ag::Error("bad shape"); });
  grade.part("five", [&] {});
  CHECK(grade.share() == doctest::Approx(0.2));
  CHECK(grade.parts()[1].wrong == "the first reason\nthe second reason");
  CHECK(grade.parts()[2].wrong == "not written yet: the gradient");
  CHECK(grade.parts()[3].wrong == "stopped by an exception: bad shape");
  CHECK(grade.parts()[4].wrong == "this part checks nothing");
}

TEST_CASE("a gradient on the tape is compared with the slopes of the function") {
  const Tensor x = Tensor::from({2}, {1, 2});
  const double tolerance = testing::tolerance::kF64 ? 1e-6 : 0.1;
  const auto judged = [&](const std::function<Tensor(const Tensor&)>& f) {
    return wrong([&](Grade& grade) {
      grade.gradient(
          "dx", [&] { return f(x); }, x, tolerance);
    });
  };
  CHECK(judged([](const Tensor& at) { return ag::mul(at, at); }).empty());
  // The derivative of x x taken for x.
  const std::string half = judged([](const Tensor& at) { return ag::mul(at, at.detach()); });
  CHECK(half.find("times what is expected") != std::string::npos);
  // In f32 the slopes have only three digits.
  if (testing::tolerance::kF64) CHECK(half.ends_with("all are 0.5 times what is expected"));
  CHECK(judged([](const Tensor& at) { return ag::mul(at, at).detach(); }).find("no node") !=
        std::string::npos);
}

TEST_CASE("an exercise's id is that of its file") {
  const auto add = [](const char* id) {
    return exercise::add({id, 1, "title", "tutorials/exercises/02_tensors/b_name_test.cpp", [](Grade&) {}});
  };
  CHECK(add("02b"));
  CHECK_THROWS_WITH(add("02a"), doctest::Contains("found the exercise 02a, expected 02b"));
}

TEST_CASE("a crash ends the program with what was graded before it") {
  // In a process of its own, with an exercise whose second part of three crashes.
  const testing::TemporaryFolder folder;
  const std::string scores = folder / "scores.txt";
  const pid_t child = fork();
  if (child == 0) {
    exercise::add({"99a", 3, "title", "99_chapter/a_name_test.cpp", [](Grade& grade) {
                     grade.part("fine", [&] { grade.check(true, ""); });
                     grade.part("bad", [&] { raise(SIGSEGV); });
                     grade.part("not reached", [&] { grade.check(true, ""); });
                   }});
    std::string program = "program", file = scores;
    char* argv[] = {program.data(), file.data()};
    _exit(exercise::run(2, argv) + 10);  // not reached
  }
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 1);
  const std::string line = nn::read_file(scores, "scores");
  CHECK(line.find(R"("points":1.0)") != std::string::npos);
  CHECK(line.find(R"("part":"bad","why":"crashed)") != std::string::npos);
}
