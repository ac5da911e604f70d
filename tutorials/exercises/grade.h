// Grades exercises: what is right, what is wrong and where, and points.
//
//   EXERCISE("02a", 2, "The gradient of SiLU") {
//     const ag::Tensor x = exercise::normal("x", {2, 3});
//     grade.part("the values", [&] { grade.close("y", n02a::silu(x), ag::silu(x)); });
//     grade.part("the gradient", [&] { grade.gradient("dx", [&] { return n02a::silu(x); }, x); });
//   }
//
// Each part is worth the same share of the points. A part is right if all its checks hold. An exception ends
// only its part, so the student's code is called inside parts. The code is in f64 (`real` is double).
#pragma once

#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "autograd/tensor.h"

namespace exercise {

// A skeleton throws it where the student's code belongs: NotImplemented("gradient with respect to w").
class NotImplemented : public std::runtime_error {
 public:
  explicit NotImplemented(const std::string& what) : std::runtime_error("not written yet: " + what) {}
};

// Numbers from N(0, 1), a function of the name.
ag::Tensor normal(const std::string& name, ag::Shape shape);

// True if the shapes are equal and |got - expected| <= tolerance max(1, |expected|) for each element.
bool is_close(const ag::Tensor& got, const ag::Tensor& expected, double tolerance = 1e-9);
bool is_close(double got, double expected, double tolerance = 1e-9);

// The gradient of sum(f() dy) with respect to x, by central differences. f reads x, whose numbers are changed
// in place. dy has the shape of f's result.
ag::Tensor slopes(const std::function<ag::Tensor()>& f, const ag::Tensor& x, const ag::Tensor& dy);

class Grade {
 public:
  struct Part {
    std::string name;
    bool holds;
    std::string wrong;  // what does not hold, one line for each check
    bool unwritten() const;
  };

  void part(const std::string& name, const std::function<void()>& checks);

  // The checks, inside a part. Each returns true if it holds, so that a test can name a typical mistake:
  //   if (!grade.close("y", y, right))
  //     grade.check(!is_close(y, unscaled), "the factor 1/sqrt(D) is missing");
  // `wrong` says what is wrong and what to look at.
  bool check(bool holds, const std::string& wrong);
  // Prints "dw is wrong: element (1, 3) is 0.25, expected 0.5; dx is right".
  bool close(const std::string& name, const ag::Tensor& got, const ag::Tensor& expected,
             double tolerance = 1e-9);
  bool close(const std::string& name, double got, double expected, double tolerance = 1e-9);
  bool close(const std::string& name, const std::vector<double>& got, const std::vector<double>& expected,
             double tolerance = 1e-9);
  // For integers and lists of integers, which have no tolerance.
  bool equal(const std::string& name, const std::vector<int64_t>& got, const std::vector<int64_t>& expected);
  // The gradient that the tape gives the leaf x, against slopes(f, x, dy) with random dy.
  bool gradient(const std::string& name, const std::function<ag::Tensor()>& f, ag::Tensor x,
                double tolerance = 1e-6);

  void stop(const std::string& why);  // ends the part that runs as wrong; only for a crash
  const std::vector<Part>& parts() const { return parts_; }
  // Of the parts that are right; 0 without parts. After expect_parts_of, parts that were not reached are
  // wrong.
  double share() const;
  // Runs a test without its parts' checks, to count the parts.
  void expect_parts_of(void (*test)(Grade& grade));

 private:
  bool judge(const std::string& name, const std::string& difference);
  void finish(const std::string& stopped);
  std::vector<Part> parts_;
  std::string running_;                     // the name of the part that runs
  std::vector<std::string> right_, wrong_;  // of the part that runs
  int checks_ = 0;
  bool counts_ = false;  // part() only counts
  size_t expected_ = 0;  // parts
};

struct Exercise {
  std::string id;  // "02a"
  double points;
  std::string title, file;
  void (*run)(Grade& grade);
  std::string chapter() const;  // "02_tensors_and_tape", the folder of `file`
};

// Registers an exercise; throws std::logic_error unless its id is that of its file,
// 02_chapter/a_name_test.cpp.
bool add(const Exercise& exercise);

// The exit code of a program of exercises: 0 if all have all points, 1 if not. The last line that is printed
// of an exercise is its row of the table.
//   SCORES       appends a line of JSON for each exercise to this file
//   --unwritten  the exit code is 0 if every part of every exercise is not written yet
int run(int argc, char** argv);

}  // namespace exercise

#define EXERCISE(id, points, title)                                                            \
  static void run_exercise(::exercise::Grade& grade);                                          \
  static const bool registered = ::exercise::add({id, points, title, __FILE__, run_exercise}); \
  static void run_exercise([[maybe_unused]] ::exercise::Grade& grade)
