// Fuzz targets: every reader of files, fed with bytes that nobody meant.
//
// A target reads the bytes as a user's file would be read. It may return, or throw ag::InputError; anything else (another
// exception, a crash, a sanitizer's report, absurd memory or time) is a finding. A new target is one new file in targets/:
//
//   #include "tests/fuzz/target.h"
//   FUZZ_TARGET(name) { read_something(fuzz::file("x.json", bytes)); }
//
// `make fuzz` makes a libFuzzer program of each (entry.cpp); what was ever found lies in regressions/NAME/ and runs as a
// normal test (tests/repository/fuzz_regression_test.cpp). make_seeds.py writes what the fuzzer starts from.
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

// Those that are linked into this program, by name.
const std::vector<Target>& targets();

// The InputError's message, or "" where the bytes were read. Everything else passes through.
std::string problem(const Target& target, const std::string& bytes);

// --- for targets -------------------------------------------------------------------------------------------

// A folder of this process, below TMPDIR; it is removed at the end.
const nn::Path& folder();
// Writes folder()/name and returns its path.
nn::Path file(const std::string& name, std::string_view content);

// Goes on where an InputError ends one part of what a target tries.
template <class F>
void attempt(const F& part) {
  try {
    part();
  } catch (const ag::InputError&) {
  }
}

// What must hold for whatever was read; a failure is a finding.
#define FUZZ_CHECK(condition) AG_CHECK(condition, "does not hold: " #condition)

struct Registration {
  Registration(const char* name, void (*read)(const std::string&));
};

}  // namespace fuzz

#define FUZZ_TARGET(name)                                                  \
  static void fuzz_##name(const std::string& bytes);                       \
  static const fuzz::Registration registration_##name(#name, fuzz_##name); \
  static void fuzz_##name([[maybe_unused]] const std::string& bytes)
