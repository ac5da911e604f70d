// A run of the whole method that takes about a second, and functions to compare two runs.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "p2rec/data/synthetic.h"
#include "p2rec/run/options.h"
#include "tests/testing.h"

namespace testing {

p2rec::Interactions small_data();

// Writes data.txt with one line per user, and the file of titles.
void write_data(const p2rec::Interactions& data, const nn::Path& folder = ".");

// Changes the current folder. Paths in config.toml are as given, so two runs can be compared only if their
// paths are the same.
class WorkingFolder {
 public:
  WorkingFolder() : before_(std::filesystem::current_path()) {
    std::filesystem::current_path(folder_.path());
  }
  ~WorkingFolder() { std::filesystem::current_path(before_); }
  WorkingFolder(const WorkingFolder&) = delete;
  WorkingFolder& operator=(const WorkingFolder&) = delete;

 private:
  TemporaryFolder folder_;
  std::filesystem::path before_;
};

// Options by name, with values as on the command line.
using Options = std::map<std::string, std::string>;

p2rec::GivenOptions given(const Options& options);

Options small_options();
// small_options() without the options that only a transformer has.
Options small_options(const std::string& model);

std::string to_toml(const Options& options);

// Runs stages of the method that the options choose, by default all.
void run_stages(const Options& options, const std::string& first = "", const std::string& last = "");

// Runs all stages, stops at every point at which a run can be stopped, and resumes. Returns how often it
// stopped, or -1 if that would be `most` times.
int64_t run_with_stops(Options options, int64_t most);

// The message of the error that the call throws.
std::string message_of(const std::function<void()>& call);

// results.json without seconds and memory, which differ in every run.
std::string without_costs(const std::string& results);

// The content of every file in a folder, results.json without its costs. report.html contains the costs too
// and is left out.
std::map<std::string, std::string> artefacts(const nn::Path& folder);

// A description of the differences; empty if there are none.
std::string difference(const std::map<std::string, std::string>& expected,
                       const std::map<std::string, std::string>& found);

void check_same(const std::map<std::string, std::string>& a, const std::map<std::string, std::string>& b);

}  // namespace testing
