// log.jsonl: one line of JSON per step of each task, {"task": "pretrain", "step": 12, "loss": 5.21, ...}.
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

constexpr const char* kLogName = "log.jsonl";  // in the folder of a run

// Only rank 0 changes the file, at moments of its own (nn/io/file_owner.h). Not thread-safe: its owner locks.
// Throws ag::Error if the file cannot be read or written, and ag::InputError for a line that this program did
// not write.
class LogFile {
 public:
  explicit LogFile(nn::Path path) : path_(std::move(path)) {}
  ~LogFile() { close(); }
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;

  // Appends a line; the operating system has it when this returns. Numbers have nine digits; a number that is
  // not finite becomes null. If a full disk cuts a line off, it is removed before the next line.
  void append(const std::string& task, int64_t step,
              const std::vector<std::pair<std::string, double>>& values);
  // Drops the task's lines after step `last`; without `last`, all of them.
  void drop_after(const std::string& task, std::optional<int64_t> last);
  // Drops the lines of the task and of its parts.
  void drop_all(const std::string& task);
  // Waits until all lines are on the disk.
  void sync();
  // Sorts the lines of `tasks` by task, in this order, and step; they move up to the first of them.
  void sort(const std::vector<std::string>& tasks);

  struct Line {
    std::string task;
    int64_t step = 0;
    std::map<std::string, double> values;  // without null values
    std::string text;                      // the line itself
  };
  // All complete lines; none if there is no file. Leaves out an unfinished last line, which a killed program
  // leaves, and zero bytes, which a power failure may leave.
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
