#include "p2rec/task/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <ostream>

#include "p2rec/data/text_file.h"

namespace p2rec {
namespace {

constexpr double kRedraw = 0.2, kNextLine = 10;  // seconds
constexpr double kEstimateAfter = 1;             // seconds; earlier, estimates would vary too much

size_t terminal_width() {
  winsize size{};
  const bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : 80;
}

}  // namespace

ProgressStyle style_of_stderr(bool quiet) {
  if (quiet) return ProgressStyle::Quiet;
  return isatty(STDERR_FILENO) ? ProgressStyle::Terminal : ProgressStyle::Lines;
}

std::string duration_text(double seconds) {
  const auto whole = static_cast<int64_t>(std::lround(seconds));
  if (seconds < 9.95) return fmt::format("{:.1f} s", seconds);
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  return fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
}

std::string counted(int64_t n, const std::string& noun) {
  return fmt::format("{} {}{}", n, noun, n == 1 ? "" : "s");
}

Progress::Progress(ProgressStyle style, std::ostream& out, Clock clock)
    : style_(style), out_(out), clock_(std::move(clock)) {}

void Progress::begin(const std::string& task, const std::string& parent, int64_t parts) {
  const double share = 1 / static_cast<double>(std::max<int64_t>(parts, 1));
  items_[task] = {.parent = parent, .share = share, .began = clock_()};
  const auto above = items_.find(parent);
  if (above == items_.end()) return;
  auto& names = above->second.parts;
  if (!std::ranges::count(names, task)) names.push_back(task);
}

void Progress::resumes(const std::string& task) { items_[task].first_counts_as_before = true; }

// A task's `what`, or the sum over its parts, weighted by their shares.
double Progress::sum(const Item& item, double Item::*what) const {
  if (item.parts.empty()) return item.*what;
  double total = 0;
  for (const std::string& name : item.parts) {
    const Item& part = items_.at(name);
    total += part.share * sum(part, what);
  }
  return total;
}

std::string Progress::root_of(std::string task) {
  while (!items_[task].parent.empty()) task = items_[task].parent;
  return task;
}

bool Progress::report(const std::string& task, double fraction) {
  Item& item = items_[task];
  item.fraction = std::clamp(fraction, 0.0, 1.0);
  if (item.first_counts_as_before) item.before = item.fraction;
  item.first_counts_as_before = false;
  item.reported = true;
  if (style_ == ProgressStyle::Quiet) return false;
  const std::string root = root_of(task);
  const double now = clock_();
  const double wait = style_ == ProgressStyle::Terminal ? kRedraw : kNextLine;
  if (root == shown_ && now - shown_at_ < wait) return false;
  shown_ = root;
  shown_at_ = now;
  return true;
}

void Progress::show(const std::string& task, const std::string& text) {
  const std::string root = root_of(task);
  const bool is_part = root != task;
  draw(line(root, is_part ? task.substr(std::min(root.size() + 1, task.size())) + ": " + text : text));
}

// "train  42 %  4 min 10 s left  random-1: epoch 3, loss 5.21". A narrow terminal cuts off the end.
std::string Progress::line(const std::string& root, const std::string& text) const {
  const Item& item = items_.at(root);
  const double fraction = sum(item, &Item::fraction), done = fraction - sum(item, &Item::before);
  const double elapsed = clock_() - item.began;
  std::string result = fmt::format("{} {:3.0f} %  ", root, std::floor(100 * fraction));
  if (done > 0 && fraction < 1 && elapsed >= kEstimateAfter)
    result += duration_text(elapsed * (1 - fraction) / done) + " left  ";
  return result + text;
}

void Progress::draw(const std::string& text) {
  if (style_ == ProgressStyle::Lines) return say(text);
  // One column stays free: a full line would wrap.
  out_ << "\r" << cut(text, terminal_width() - 1) << "\x1b[K" << std::flush;
  drawn_ = true;
}

double Progress::finish(const std::string& task) {
  Item& item = items_[task];
  // A task without a report before its end was done by an earlier process.
  if (!item.reported) item.before = 1;
  item.fraction = 1;
  return clock_() - item.began;
}

void Progress::say(const std::string& text) {
  if (style_ == ProgressStyle::Quiet) return;
  clear();
  out_ << text + "\n" << std::flush;
}

void Progress::clear() {
  if (!drawn_) return;
  out_ << "\r\x1b[K" << std::flush;
  drawn_ = false;
}

}  // namespace p2rec
