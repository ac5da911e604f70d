// Shows the progress of a long computation: on a terminal one redrawn line, elsewhere a line now and then.
#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <map>
#include <string>
#include <vector>

namespace p2rec {

enum class ProgressStyle : uint8_t {
  Quiet,     // nothing
  Lines,     // the first report, then at most one line every ten seconds
  Terminal,  // one line, redrawn at most five times a second and cut to the terminal's width
};

// Not thread-safe: its owner locks.
class Progress {
 public:
  using Clock = std::function<double()>;  // seconds since any fixed time
  Progress(ProgressStyle style, std::ostream& out, Clock clock);
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Begins a task. With a parent, it is one of `parts` equal shares of the parent's work.
  void begin(const std::string& task, const std::string& parent = "", int64_t parts = 1);
  // Counts the task's first report as done by an earlier process: it does not enter the estimated time left.
  void resumes(const std::string& task);
  // Sets the fraction of the task's work that is done. True if it is time to show it: then call show().
  bool report(const std::string& task, double fraction);
  void show(const std::string& task, const std::string& text);
  // Ends a task. Returns the seconds since it began.
  double finish(const std::string& task);

  void say(const std::string& line);  // prints a line; removes a half-drawn one first
  void clear();                       // removes the half-drawn line

 private:
  struct Item {
    std::string parent = {};
    double share = 1;     // of the parent's work
    double began = 0;     // by the clock
    double fraction = 0;  // of its own work, if it has no parts
    double before = 0;    // the fraction that was done before this process
    bool first_counts_as_before = false, reported = false;
    std::vector<std::string> parts = {};
  };
  std::string root_of(std::string task);
  double sum(const Item& item, double Item::*what) const;
  std::string line(const std::string& root, const std::string& text) const;
  void draw(const std::string& line);

  ProgressStyle style_;
  std::ostream& out_;
  Clock clock_;
  std::map<std::string, Item> items_;
  std::string shown_;  // the root task of the last line
  double shown_at_ = -1e9;
  bool drawn_ = false;  // the terminal shows a line without an end
};

// The style for standard error: Lines if it is not a terminal.
ProgressStyle style_of_stderr(bool quiet);

// "3.2 s", "4 min 10 s", "2 h 5 min".
std::string duration_text(double seconds);
// "1 seed", "3 seeds".
std::string counted(int64_t n, const std::string& noun);

}  // namespace p2rec
