// Runs the program on small data, interrupts it at exact moments (file_operations.cpp) and resumes it.
#pragma once

#include <map>
#include <string>

#include "autograd/rng.h"
#include "tests/p2rec/cli/shell.h"
#include "tests/p2rec/run/small_run.h"
#include "tests/paths.h"

namespace testing {

constexpr int kKilled = 128 + 9;

// Draws random numbers, a function of the seed.
class Dice {
 public:
  explicit Dice(uint64_t seed) : key_{seed, 0, 0} {}
  int64_t between(int64_t low, int64_t high) {  // both ends included
    return low + ag::random_below(key_, draw_++, static_cast<uint32_t>(high - low + 1));
  }

 private:
  ag::RandomKey key_;
  uint64_t draw_ = 0;
};

class InterruptedRun {
 public:
  using Files = std::map<std::string, std::string>;

  InterruptedRun() {
    write_data(small_data(), shell_.path());
    Options o = small_options();
    o["threads"] = "2";
    o["save-every"] = "0";
    o["starts"] = "random,p2rec";
    shell_.write("small.toml", to_toml(o));
  }

  // Runs `p2rec COMMAND --config small.toml OPTIONS` on the run's folder.
  ProgramResult operator()(const std::string& command, const std::string& options = "",
                           const std::string& before = "") const {
    // With this setting, waiting threads sleep. Otherwise a run of many short
    // steps is very slow on a busy machine.
    return shell_(command + " --config small.toml " + options, "", before + "env OMP_WAIT_POLICY=passive ");
  }
  const Shell& shell() const { return shell_; }
  ProgramResult killed_at(int64_t operation, const std::string& command,
                          const std::string& options = "") const {
    return (*this)(command, options, preloaded("P2REC_KILL_AT", std::to_string(operation)));
  }
  ProgramResult killed_after(int64_t milliseconds, const std::string& command,
                             const std::string& options = "") const {
    return (*this)(command, options, preloaded("P2REC_KILL_AFTER", std::to_string(milliseconds)));
  }
  ProgramResult on_full_disk_from(int64_t operation, const std::string& command,
                                  const std::string& options = "") const {
    return (*this)(command, options, preloaded("P2REC_FULL_AT", std::to_string(operation)));
  }
  // Runs the command to its end and counts its file operations.
  int64_t operations_of(const std::string& command, const std::string& options = "") const {
    const ProgramResult result = (*this)(command, options, preloaded("P2REC_COUNT", "count"));
    INFO(result.err);
    REQUIRE(result.code == 0);
    return std::stoll(nn::read_file(shell_ / "count", "count"));
  }

  nn::Path folder() const { return shell_ / "out"; }
  Files files() const { return artefacts(shell_ / "out"); }
  // Copies the run's folder to another name, and back.
  void keep_as(const std::string& name) const { copy("out", name); }
  void restore(const std::string& name) const { copy(name, "out"); }
  void forget() const { std::filesystem::remove_all(shell_ / "out"); }

 private:
  static std::string preloaded(const std::string& variable, const std::string& value) {
    return variable + "=" + value + " LD_PRELOAD='" + file_operations() + "' ";
  }
  void copy(const std::string& from, const std::string& to) const {
    namespace fs = std::filesystem;
    fs::remove_all(shell_ / to);
    if (fs::exists(shell_ / from)) fs::copy(shell_ / from, shell_ / to, fs::copy_options::recursive);
  }

  Shell shell_;
};

}  // namespace testing
