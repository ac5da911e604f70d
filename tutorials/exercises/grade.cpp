#include "tutorials/exercises/grade.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

#include "autograd/parallel.h"
#include "autograd/tape.h"
#include "nn/init.h"

namespace exercise {

using ag::message, ag::Tensor;

namespace {

// "element (1, 3) is", "it is" of a tensor of one number.
std::string place(const ag::Shape& shape, int64_t element) {
  if (shape.empty()) return "it is ";
  ag::Shape index(shape.size());
  for (size_t d = shape.size(); d-- > 0; element /= shape[d]) index[d] = element % shape[d];
  return message("element ", index, " is ");
}

// "0.25, expected 0.5", with as many digits as show that they differ.
std::string unlike(double got, double expected) {
  const std::string six = message(got);
  if (six != message(expected) || std::isnan(got)) return message(six, ", expected ", expected);
  char text[80];
  std::snprintf(text, sizeof text, "%.12g, expected %.12g", got, expected);
  return text;
}

// A common factor of all elements is a mistake that is easily named: a sign, a mean taken for a sum.
std::string factor_of(const Tensor& got, const Tensor& expected, double tolerance) {
  int64_t largest = 0;
  for (int64_t i = 0; i < expected.numel(); ++i) {
    if (std::abs(expected.data()[i]) > std::abs(expected.data()[largest])) largest = i;
  }
  const double factor = got.data()[largest] / expected.data()[largest];
  if (expected.numel() < 2 || !std::isfinite(factor)) return "";
  for (int64_t i = 0; i < expected.numel(); ++i) {
    if (!is_close(got.data()[i], factor * expected.data()[i], tolerance)) return "";
  }
  return factor == 0 ? "; all are 0" : message("; all are ", factor, " times what is expected");
}

// Empty if got is close to expected.
std::string difference(const Tensor& got, const Tensor& expected, double tolerance) {
  if (!got.defined())
    return "there is none; hint: for a gradient, does the result depend on it by recorded ops?";
  if (got.shape() != expected.shape())
    return message("its shape is ", got.shape(), ", expected ", expected.shape());
  int64_t wrong = 0, first = 0;
  for (int64_t i = expected.numel() - 1; i >= 0; --i) {
    if (is_close(got.data()[i], expected.data()[i], tolerance)) continue;
    ++wrong;
    first = i;
  }
  if (wrong == 0) return "";
  std::string text = place(got.shape(), first) + unlike(got.data()[first], expected.data()[first]);
  if (expected.numel() > 1) text += message(" (", wrong, " of ", expected.numel(), " are wrong)");
  return text + factor_of(got, expected, tolerance);
}

std::string joined(const std::vector<std::string>& list, const char* separator) {
  std::string text;
  for (const std::string& item : list) text += (text.empty() ? "" : separator) + item;
  return text;
}

}  // namespace

Tensor normal(const std::string& name, ag::Shape shape) {
  const Tensor x = Tensor::empty(std::move(shape));
  nn::normal_(x, 1, nn::key_for("exercise " + name, 1));
  return x;
}

bool is_close(double got, double expected, double tolerance) {
  return std::abs(got - expected) <= tolerance * std::max(1.0, std::abs(expected));
}

bool is_close(const Tensor& got, const Tensor& expected, double tolerance) {
  return difference(got, expected, tolerance).empty();
}

Tensor slopes(const std::function<Tensor()>& f, const Tensor& x, const Tensor& dy) {
  const ag::NoGrad no_grad;
  const double h = 1e-5;
  const Tensor dx = ag::empty_like(x);
  const auto shifted = [&](int64_t i, double value) {
    const ag::real before = std::exchange(x.data()[i], static_cast<ag::real>(value));
    const Tensor y = f().clone();
    x.data()[i] = before;
    return y;
  };
  for (int64_t i = 0; i < x.numel(); ++i) {
    const double at = x.data()[i];
    const Tensor above = shifted(i, at + h), below = shifted(i, at - h);
    double slope = 0;
    for (int64_t j = 0; j < dy.numel(); ++j)
      slope += (above.data()[j] - below.data()[j]) / (2 * h) * dy.data()[j];
    dx.data()[i] = static_cast<ag::real>(slope);
  }
  return dx;
}

// --- a part and its checks

void Grade::part(const std::string& name, const std::function<void()>& checks) {
  if (counts_) {
    ++expected_;
    return;
  }
  running_ = name;
  right_.clear();
  wrong_.clear();
  checks_ = 0;
  std::string stopped;
  try {
    checks();
    if (checks_ == 0) stopped = "this part checks nothing";
  } catch (const NotImplemented& error) {
    stopped = error.what();
  } catch (const std::exception& error) {
    stopped = message("stopped by an exception: ", error.what());
  }
  finish(stopped);
}

void Grade::stop(const std::string& why) { finish(why); }

void Grade::finish(const std::string& stopped) {
  std::vector<std::string> lines = wrong_;
  if (!stopped.empty()) lines.push_back(stopped);
  if (!lines.empty() && !right_.empty())
    lines.push_back((right_.size() > 3 ? message(right_.size(), " others") : joined(right_, ", ")) +
                    (right_.size() > 1 ? " are" : " is") + " right");
  parts_.push_back({running_, lines.empty(), joined(lines, "\n")});
  std::printf("  %s  %s\n",
              parts_.back().holds         ? "right"
              : parts_.back().unwritten() ? "-----"
                                          : "WRONG",
              running_.c_str());
  for (const std::string& line : lines) std::printf("         %s\n", line.c_str());
  std::fflush(stdout);
}

bool Grade::check(bool holds, const std::string& wrong) {
  ++checks_;
  const bool said = std::ranges::find(wrong_, wrong) != wrong_.end();  // in a loop, of another case
  if (!holds && !said) wrong_.push_back(wrong);
  return holds;
}

bool Grade::judge(const std::string& name, const std::string& difference) {
  const bool holds = check(difference.empty(), name + " is wrong: " + difference);
  const bool listed = std::ranges::find(right_, name) != right_.end();
  if (holds && !listed) right_.push_back(name);
  return holds;
}

bool Grade::close(const std::string& name, const Tensor& got, const Tensor& expected, double tolerance) {
  return judge(name, difference(got, expected, tolerance));
}

bool Grade::close(const std::string& name, double got, double expected, double tolerance) {
  return close(name, Tensor::from({}, {got}), Tensor::from({}, {expected}), tolerance);
}

bool Grade::close(const std::string& name, const std::vector<double>& got,
                  const std::vector<double>& expected, double tolerance) {
  const auto vector = [](const std::vector<double>& x) {
    return Tensor::from({static_cast<int64_t>(x.size())}, x);
  };
  return close(name, vector(got), vector(expected), tolerance);
}

bool Grade::equal(const std::string& name, const std::vector<int64_t>& got,
                  const std::vector<int64_t>& expected) {
  // Short lists as a whole, long ones by their first wrong element.
  if (got.size() == expected.size() && (got.size() == 1 || got.size() > 8)) {
    const std::vector<double> a(got.begin(), got.end()), b(expected.begin(), expected.end());
    return got.size() == 1 ? close(name, a[0], b[0], 0) : close(name, a, b, 0);
  }
  return judge(name, got == expected ? "" : message("it is ", got, ", expected ", expected));
}

bool Grade::gradient(const std::string& name, const std::function<Tensor()>& f, Tensor x, double tolerance) {
  x.set_requires_grad();
  x.zero_grad();
  const Tensor y = f(), dy = normal("dy", y.shape());
  if (!judge(name, y.requires_grad() ? "" : "the result has no node on the tape; hint: ag::record"))
    return false;
  right_.pop_back();
  ag::backward(y, dy);
  return close(name, x.grad(), slopes(f, x, dy), tolerance);
}

bool Grade::Part::unwritten() const { return wrong.starts_with("not written yet"); }

double Grade::share() const {
  const auto right = std::ranges::count_if(parts_, &Part::holds);
  return parts_.empty() ? 0 : static_cast<double>(right) / double(std::max(parts_.size(), expected_));
}

void Grade::expect_parts_of(void (*test)(Grade& grade)) {
  counts_ = true;
  test(*this);
  counts_ = false;
}

// --- a program of exercises

std::string Exercise::chapter() const {
  return std::filesystem::path(file).parent_path().filename().string();
}

namespace {

std::vector<Exercise>& exercises() {
  static std::vector<Exercise> list;
  return list;
}

// What the handler of crashes needs.
struct Running {
  const Exercise* exercise = nullptr;
  Grade grade;
  std::string scores;
} running;

void report() {
  const Exercise& exercise = *running.exercise;
  const double points = exercise.points * running.grade.share();
  nlohmann::json fails = nlohmann::json::array();
  std::vector<std::string> names;
  for (const Grade::Part& part : running.grade.parts()) {
    if (part.holds) continue;
    fails.push_back({{"part", part.name}, {"why", part.wrong}});
    names.push_back(part.name);
  }
  std::string remark = names.empty() ? "" : "  fails: " + joined(names, ", ");
  if (std::ranges::all_of(running.grade.parts(), &Grade::Part::unwritten)) remark = "  not written yet";
  std::printf("%-27s %s  %4.3g of %g%s\n", exercise.chapter().c_str(), exercise.id.c_str(), points,
              exercise.points, remark.c_str());
  std::fflush(stdout);
  if (running.scores.empty()) return;
  std::ofstream(running.scores, std::ios::app)
      << nlohmann::json{{"exercise", exercise.id}, {"chapter", exercise.chapter()}, {"title", exercise.title},
                        {"points", points},        {"of", exercise.points},         {"fails", fails}}
      << '\n';
}

constexpr int kSeconds = 20;

// The process is lost, so it may do what a handler must not: print and write the results that it has.
void crashed(int signal) {
  running.grade.stop(
      signal == SIGALRM   ? message("stopped: it did not end in ", kSeconds, " s; hint: an endless loop?")
      : signal == SIGABRT ? "aborted; hint: an index outside of a vector?"
      : signal == SIGFPE  ? "crashed: an integer was divided by zero"
                          : "crashed; hint: an index outside of a tensor, or endless recursion?");
  report();
  _exit(1);
}

void catch_crashes() {
  // A stack of its own: endless recursion leaves nothing of the usual one.
  static char stack[64 * 1024];
  stack_t other{};
  other.ss_sp = stack;
  other.ss_size = sizeof stack;
  sigaltstack(&other, nullptr);
  struct sigaction action {};
  action.sa_handler = crashed;
  action.sa_flags = SA_ONSTACK;
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGABRT, SIGALRM}) sigaction(signal, &action, nullptr);
}

}  // namespace

bool add(const Exercise& exercise) {
  const std::string name = std::filesystem::path(exercise.file).filename().string();
  const std::string id = exercise.chapter().substr(0, 2) + name.substr(0, name.find('_'));
  if (id != exercise.id)
    throw std::logic_error(message(exercise.file, ": found the exercise ", exercise.id, ", expected ", id));
  exercises().push_back(exercise);
  return true;
}

int run(int argc, char** argv) {
  const bool unwritten = argc > 1 && std::string(argv[1]) == "--unwritten";
  if (argc > 1 && !unwritten) running.scores = argv[1];
  ag::set_thread_count(1);  // exercises are small: threads would mostly wait for each other
  catch_crashes();
  std::ranges::sort(exercises(), {}, &Exercise::id);
  bool as_expected = !exercises().empty();
  for (const Exercise& exercise : exercises()) {
    running.exercise = &exercise;
    running.grade = {};
    running.grade.expect_parts_of(exercise.run);
    std::printf("%s %s\n", exercise.id.c_str(), exercise.title.c_str());
    alarm(kSeconds);
    exercise.run(running.grade);
    report();
    const auto& parts = running.grade.parts();
    as_expected &= !parts.empty() && (unwritten ? std::ranges::all_of(parts, &Grade::Part::unwritten)
                                                : std::ranges::all_of(parts, &Grade::Part::holds));
  }
  return as_expected ? 0 : 1;
}

}  // namespace exercise
