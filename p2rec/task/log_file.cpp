#include "p2rec/task/log_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <ostream>

#include "autograd/check.h"
#include "nn/io/file_owner.h"
#include "nn/io/json.h"

namespace p2rec {
namespace {

using nn::Json;

LogFile::Line read_line(const std::string& text, const std::string& place) {
  LogFile::Line line;
  line.text = text;
  try {
    const auto json = nn::parse_json<Json>(text, place);
    line.task = json.at("task").get<std::string>();
    line.step = nn::JsonReader{json, place}["step"].integer();
    for (const auto& [name, value] : json.items()) {
      if (name != "task" && name != "step" && !value.is_null()) line.values[name] = value.get<double>();
    }
  } catch (const Json::exception&) {
    throw ag::InputError(
        ag::message(place, ": found a line that is not a step of a task; hint: start over with --overwrite"));
  }
  return line;
}

std::string json_number(double x) { return std::isfinite(x) ? fmt::format("{:.9g}", x) : "null"; }

}  // namespace

std::vector<LogFile::Line> LogFile::read(bool* half_written) const {
  std::vector<Line> lines;
  std::error_code error;
  if (!std::filesystem::is_regular_file(path_, error)) return lines;
  const std::string content = nn::read_file(path_, "log");
  const std::string_view whole = std::string_view(content).substr(0, content.find('\0'));
  size_t begin = 0;
  for (size_t end; (end = whole.find('\n', begin)) != whole.npos; begin = end + 1) {
    const std::string place = ag::message(path_.string(), ":", lines.size() + 1);
    lines.push_back(read_line(std::string(whole.substr(begin, end - begin)), place));
  }
  if (half_written) *half_written = begin < content.size();
  return lines;
}

void LogFile::rewrite(const std::vector<Line>& lines) {
  close();
  if (!nn::owns_files()) return;
  nn::replace_file(path_, [&](std::ostream& out) {
    for (const Line& line : lines) out << line.text << '\n';
  });
}

void LogFile::open() {
  if (fd_ >= 0) return;
  drop_if([](const Line&) { return false; });  // drops only a half-written line
  fd_ = ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  AG_CHECK(fd_ >= 0, path_.string(), ": cannot be written: ", std::strerror(errno));
}

void LogFile::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

void LogFile::append(const std::string& task, int64_t step,
                     const std::vector<std::pair<std::string, double>>& values) {
  open();
  std::string line = fmt::format(R"({{"task": {}, "step": {})", nn::json_text(Json(task)), step);
  for (const auto& [name, value] : values)
    line += fmt::format(", {}: {}", nn::json_text(Json(name)), json_number(value));
  line += "}\n";
  for (size_t written = 0; written < line.size();) {
    const ssize_t count = ::write(fd_, line.data() + written, line.size() - written);
    if (count < 0 && errno != EINTR) {
      const std::string why = std::strerror(errno);
      close();  // the next append opens the file again, which removes the half-written line
      throw ag::Error(ag::message(path_.string(), ": cannot be written: ", why, "; hint: is the disk full?"));
    }
    if (count > 0) written += static_cast<size_t>(count);
  }
}

void LogFile::drop_if(const std::function<bool(const Line&)>& unwanted) {
  bool half_written = false;
  std::vector<Line> lines = read(&half_written);
  if (std::erase_if(lines, unwanted) || half_written) rewrite(lines);
}

void LogFile::drop_after(const std::string& task, std::optional<int64_t> last) {
  drop_if([&](const Line& line) { return line.task == task && (!last || line.step > *last); });
}

void LogFile::drop_all(const std::string& task) {
  drop_if([&](const Line& line) { return line.task == task || line.task.starts_with(task + "/"); });
}

void LogFile::sync() {
  if (fd_ < 0) return;
  AG_CHECK(::fsync(fd_) == 0 || errno == EINVAL, path_.string(),
           ": cannot be written to disk: ", std::strerror(errno), "; hint: is the disk full?");
}

void LogFile::sort(const std::vector<std::string>& tasks) {
  const auto place = [&](const Line& line) { return std::ranges::find(tasks, line.task); };
  const auto listed = [&](const Line& line) { return place(line) != tasks.end(); };
  std::vector<Line> lines = read();
  // Moves the listed lines up to the first of them; the others follow in their old order.
  const auto first = std::ranges::find_if(lines, listed);
  const auto others = std::stable_partition(first, lines.end(), listed);
  std::stable_sort(first, others, [&](const Line& a, const Line& b) {
    return std::pair(place(a), a.step) < std::pair(place(b), b.step);
  });
  if (first != lines.end()) rewrite(lines);
}

}  // namespace p2rec
