// log.jsonl: a line of JSON for each step of each task, {"task": "pretrain", "step": 12, "loss": 5.21, ...}.
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

// Not safe for threads: its owner locks. Throws ag::Error naming the file if it cannot be read or written,
// and ag::InputError for a line that this program did not write.
class LogFile {
 public:
  explicit LogFile(nn::Path path) : path_(std::move(path)) {}
  ~LogFile() { close(); }
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;

  // Adds a line; it has reached the system when this returns. Numbers have nine digits; one that is not
  // finite becomes null. A line that a full disk cut off is removed before the next.
  void append(const std::string& task, int64_t step,
              const std::vector<std::pair<std::string, double>>& values);
  // Drops the task's lines after step `last`; all of them without one.
  void drop_after(const std::string& task, std::optional<int64_t> last);
  // Drops the lines of the task and of its parts.
  void drop_all(const std::string& task);
  // Waits until all lines are on the disk.
  void sync();
  // Puts the lines of `tasks` in this order, each task's by step, in the place of the first of them.
  void sort(const std::vector<std::string>& tasks);

  struct Line {
    std::string task;
    int64_t step = 0;
    std::map<std::string, double> values;  // without those that are null
    std::string text;                      // the line itself
  };
  // The whole lines; none if there is no file. Left out are a last line without its end, which was
  // being written when the program was killed, and zero bytes, which a power failure may leave.
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
