// Fuzz targets: every file reader gets arbitrary bytes.
//
// A target reads the bytes like a user's file. It may return, or throw ag::InputError; anything
// else (another exception, a crash, a sanitizer's report, too much memory or time) is a bug. A
// new target is a new file in targets/:
//
//   #include "tests/fuzz/target.h"
//   FUZZ_TARGET(name) { read_something(fuzz::file("x.json", bytes)); }
//
// `make fuzz` builds a libFuzzer program for each (entry.cpp). All inputs that showed bugs are in
// regressions/NAME/ and run as a normal test (tests/repository/fuzz_regression_test.cpp). make_seeds.py
// writes the fuzzer's first inputs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "autograd/check.h"
#include "nn/io/files.h"

namespace fuzz {

struct Target {
  std::string name;
  void (*read)(const std::string& bytes);
};

// The targets that are linked into this program, sorted by name.
const std::vector<Target>& targets();

// The message of the InputError, or "" if the bytes were read. Other exceptions pass through.
std::string problem(const Target& target, const std::string& bytes);

// --- for targets -------------------------------------------------------------------------------------------

// A folder of this process, below TMPDIR, which is removed at the end.
const nn::Path& folder();
// Writes folder()/name and returns its path.
nn::Path file(const std::string& name, std::string_view content);

// Runs one part of a target; an InputError ends only this part.
template <class F>
void attempt(const F& part) {
  try {
    part();
  } catch (const ag::InputError&) {
  }
}

// A condition that must hold for everything that was read; a failure is a bug.
#define FUZZ_CHECK(condition) AG_CHECK(condition, "does not hold: " #condition)

struct Registration {
  Registration(const char* name, void (*read)(const std::string&));
};

}  // namespace fuzz

#define FUZZ_TARGET(name)                                                  \
  static void fuzz_##name(const std::string& bytes);                       \
  static const fuzz::Registration registration_##name(#name, fuzz_##name); \
  static void fuzz_##name([[maybe_unused]] const std::string& bytes)
