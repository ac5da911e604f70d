// Runs the program like a user or a script.
#pragma once

#include <sys/wait.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "nn/io/files.h"
#include "tests/paths.h"
#include "tests/testing.h"

namespace testing {

// The exit code is 128 + n after signal n, as in shells.
struct ProgramResult {
  int code;
  std::string out, err;
};

// Runs the program in a new folder.
class Shell {
 public:
  // `input` is its standard input; `before` is put before its name: variables ("A=1 ") or limits
  // ("ulimit -v 1000; ").
  ProgramResult operator()(const std::string& arguments, const std::string& input = "",
                           const std::string& before = "") const {
    write("stdin", input);
    const int code = shell("exec 0<stdin 1>stdout 2>stderr; " + before + "'" + program() + "' " + arguments);
    return {code, nn::read_file(folder_ / "stdout", "output"), nn::read_file(folder_ / "stderr", "output")};
  }
  // Runs a line of sh in the folder and returns its exit code.
  int shell(const std::string& line) const {
    const int status = std::system(("cd '" + folder_.path().string() + "' && { " + line + "\n}").c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  void write(const std::string& name, const std::string& content) const {
    std::ofstream(folder_ / name, std::ios::binary) << content;
  }
  nn::Path operator/(const std::string& name) const { return folder_ / name; }
  const nn::Path& path() const { return folder_.path(); }
  bool has(const std::string& name) const { return std::filesystem::exists(folder_ / name); }

 private:
  TemporaryFolder folder_;
};

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace testing
