// Shared by the chapters from 02 on: the command line, headings, checks, bars, random tensors, times.
//
//   int main(int argc, char** argv) { return lesson::run(argc, argv, {"--data"}, chapter); }
#pragma once

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "nn/init.h"
#include "nn/module.h"

namespace lesson {

struct Options {
  bool quick = false;              // --quick: fewer steps or less data, as the tests run it
  std::string data = "synthetic";  // --data FILE or FOLDER: interactions, as `p2rec run` reads them
  std::string llm = "tiny";        // --llm FILE or FOLDER: a language model, likewise
  std::string figures;             // --figures FOLDER: where figures.h saves figures; empty: nowhere
  uint64_t seed = 1;               // --seed N: of everything that is drawn
};

inline void heading(std::string_view title) { fmt::print("\n{}\n", title); }

// The properties that did not hold.
inline std::vector<std::string>& failures() {
  static std::vector<std::string> failed;
  return failed;
}

// Prints a property of the result and remembers it if it does not hold.
inline void check(bool holds, const std::string& property) {
  fmt::print("  {} {}\n", holds ? "ok    " : "FAILED", property);
  if (!holds) failures().push_back(property);
}

// share of `width` characters; a share may be above 1 or below 0, the bar is not.
inline std::string bar(double share, double width = 40) {
  return std::string(static_cast<size_t>(width * std::clamp(share, 0.0, 1.0)), '#');
}

// Numbers from N(0, std^2), a function of the name and the seed.
inline ag::Tensor normal(const std::string& name, ag::Shape shape, uint64_t seed, double std = 1) {
  const ag::Tensor x = ag::Tensor::empty(std::move(shape));
  nn::normal_(x, std, nn::key_for(name, seed));
  return x;
}

// The largest |a - b| over all elements; infinite if one of them is not a number or the sizes differ.
inline double largest_difference(const ag::Tensor& a, const ag::Tensor& b) {
  if (a.numel() != b.numel()) return INFINITY;
  double worst = 0;
  for (int64_t i = 0; i < a.numel(); ++i) {
    const double apart = std::abs(double(a.data()[i]) - b.data()[i]);
    if (!(apart <= worst)) worst = std::isnan(apart) ? INFINITY : apart;
  }
  return worst;
}

// The same over all tensors of two models of one shape.
inline double largest_difference(const nn::NamedTensors& a, const nn::NamedTensors& b) {
  double worst = a.size() == b.size() ? 0 : INFINITY;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i)
    worst = std::max(worst, largest_difference(a[i].second, b[i].second));
  return worst;
}

// The time since it was made.
class Stopwatch {
 public:
  double seconds() const { return std::chrono::duration<double>(Clock::now() - begin_).count(); }
  double ms() const { return 1000 * seconds(); }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point begin_ = Clock::now();
};

// A file for this process only, which is to be removed.
inline std::filesystem::path temporary_path(const std::string& name) {
  return std::filesystem::temp_directory_path() / fmt::format("lesson_{}_{}", getpid(), name);
}

// Every chapter takes --quick, --seed and --figures; `more` names the others that this one takes.
inline Options parse(int argc, char** argv, std::vector<std::string> more) {
  more.insert(more.begin(), {"--quick", "--seed", "--figures"});
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    INPUT_CHECK(std::ranges::find(more, name) != more.end(), "found the option ", name,
                "; hint: this chapter takes ", fmt::format("{}", fmt::join(more, ", ")));
    if (name == "--quick") {
      options.quick = true;
      continue;
    }
    INPUT_CHECK(++i < argc, name, ": expected a value after it");
    const std::string_view value = argv[i];
    if (name == "--data") options.data = value;
    if (name == "--llm") options.llm = value;
    if (name == "--figures") options.figures = value;
    if (name != "--seed") continue;
    const auto [end, error] = std::from_chars(value.begin(), value.end(), options.seed);
    INPUT_CHECK(error == std::errc() && end == value.end(), "--seed: found ", value,
                "; expected an integer from 0");
  }
  return options;
}

// Runs a chapter. The exit code: 0 if every property holds, 1 if one does not, 2 for a wrong option or file.
inline int run(int argc, char** argv, const std::vector<std::string>& more, void (*chapter)(const Options&)) {
  try {
    chapter(parse(argc, argv, more));
  } catch (const ag::InputError& error) {
    fmt::print(stderr, "{}: {}\n", argv[0], error.what());
    return 2;
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: {}\n", argv[0], error.what());
    return 1;
  }
  for (const std::string& property : failures())
    fmt::print(stderr, "{}: check failed: {}\n", argv[0], property);
  return failures().empty() ? 0 : 1;
}

}  // namespace lesson
