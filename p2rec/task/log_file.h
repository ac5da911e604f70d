// log.jsonl: one line of JSON for every step of every task, {"task": "pretrain", "step": 12, "loss": 5.21,
// ...}.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nn/io/files.h"

namespace p2rec {

// Not safe for threads: its owner locks. What cannot be read or written is an ag::Error that names the file;
// a line that this program did not write is an ag::InputError.
class LogFile {
 public:
  explicit LogFile(nn::Path path) : path_(std::move(path)) {}
  ~LogFile() { close(); }
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;

  // Adds a line; it has reached the system when this returns. Numbers have nine digits; what is not finite
  // becomes null. A line that was written in part only, as on a full disk, is removed before the next one.
  void append(const std::string& task, int64_t step,
              const std::vector<std::pair<std::string, double>>& values);
  // Drops the task's lines after step `last`; all of them without one.
  void drop_after(const std::string& task, std::optional<int64_t> last);
  // Drops the lines of the task and of its parts.
  void drop_all(const std::string& task);
  // Waits until all lines are on the disk.
  void sync();
  // Puts the lines of `tasks` in this order, each task's by step, where the first of them stood.
  void sort(const std::vector<std::string>& tasks);

  struct Line {
    std::string task;
    int64_t step = 0;
    std::map<std::string, double> values;  // without those that are null
    std::string text;                      // the line itself
  };
  // Whole lines, none where there is no file. A last one without its end was being written when the program was killed, and
  // zero bytes stand where the power failed before the disk had the content: what follows is left out.
  std::vector<Line> read(bool* half_written = nullptr) const;

 private:
  void drop_if(const std::function<bool(const Line&)>& unwanted);
  void rewrite(const std::vector<Line>& lines);
  void open();
  void close();

  nn::Path path_;
  int fd_ = -1;
};

}  // namespace p2rec
