#include "p2rec/task/task.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <iostream>
#include <sstream>

#include "nn/io/file_owner.h"
#include "p2rec/data/text_file.h"

namespace p2rec {
namespace {

constexpr int64_t kImpatience = 1'000'000'000;  // nanoseconds after the first signal

// Time of the first request to stop, by the monotonic clock; 0: none. Two signals may interrupt two threads.
std::atomic<int64_t> stop_requested_at{0};
static_assert(std::atomic<int64_t>::is_always_lock_free, "a signal's handler must not wait for a lock");

int64_t nanoseconds_now() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}
double seconds_now() { return 1e-9 * static_cast<double>(nanoseconds_now()); }

extern "C" void on_stop_signal(int signal) {
  const int errno_before = errno;
  const int64_t now = nanoseconds_now();
  int64_t first = 0;
  if (!stop_requested_at.compare_exchange_strong(first, now) && now - first > kImpatience) {
    // Takes effect when the handler returns, because the signal is blocked while its handler runs.
    std::signal(signal, SIG_DFL);
    std::raise(signal);
  }
  errno = errno_before;
}

}  // namespace

// --- stopping ----------------------------------------------------------------------------------------------

void install_stop_signals() {
  struct sigaction action {};
  action.sa_handler = on_stop_signal;
  action.sa_flags = SA_RESTART;  // continues interrupted writes
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool stop_requested() { return stop_requested_at != 0; }
void request_stop() {
  int64_t never = 0;
  stop_requested_at.compare_exchange_strong(never, nanoseconds_now());
}
void forget_stop_request() { stop_requested_at = 0; }

std::string first_difference(const std::string& before, const std::string& now) {
  std::istringstream a(before), b(now);
  for (std::string was, is; a || b;) {
    if (!std::getline(a, was)) was = "nothing";
    if (!std::getline(b, is)) is = "nothing";
    if (was != is) return was + ", now " + is;
  }
  return "";
}

// --- the journal -------------------------------------------------------------------------------------------

Journal::Journal(const nn::Path& folder, bool quiet, double save_every)
    : folder_(folder),
      save_every_(save_every),
      log_(nn::owns_files() ? folder / kLogName : "/dev/null"),
      progress_(style_of_stderr(quiet || !nn::owns_files()), std::cerr, seconds_now) {}

std::shared_ptr<Journal> Journal::open(const nn::Path& folder, bool quiet, double save_every) {
  nn::make_folder(folder);
  return std::shared_ptr<Journal>(new Journal(folder, quiet, save_every));
}

nn::Path Journal::checkpoint(std::string task) const {
  std::ranges::replace(task, '/', '-');
  return folder_ / ("state-" + task + ".safetensors");
}

void Journal::when_saved(std::function<void()> call) {
  const std::lock_guard lock(mutex_);
  when_saved_ = std::move(call);
}

Task Journal::task(const std::string& name, const std::string& fingerprint) {
  const std::lock_guard lock(mutex_);
  Task task;
  task.name_ = name;
  task.journal_ = shared_from_this();
  task.fingerprint_ = fingerprint;
  task.ranks_ = ag::Communicator::world();
  progress_.begin(name);
  saved_at_[name] = seconds_now();
  return task;
}

void Journal::sort_log(const std::string& task, const std::vector<std::string>& parts) {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (const std::string& part : parts) names.push_back(task + "/" + part);
  log_.sort(names);
}

void Journal::say(const std::string& line) {
  const std::lock_guard lock(mutex_);
  progress_.say(line);
}

// --- tasks -------------------------------------------------------------------------------------------------

template <class F>
void Task::in_journal(const F& f) const {
  if (!journal_) return;
  const std::lock_guard lock(journal_->mutex_);
  f(*journal_);
}

Task Task::part(const std::string& part, int64_t parts) const {
  Task result = *this;
  result.name_ = name_ + "/" + part;
  in_journal([&](Journal& journal) {
    journal.progress_.begin(result.name_, name_, parts);
    journal.saved_at_[result.name_] = seconds_now();
  });
  return result;
}

void Task::announce(const std::string& what) const {
  if (journal_) journal_->say(name_ + ": " + what);
}

bool Task::progress(double fraction) const {
  bool due = false;
  in_journal([&](Journal& journal) { due = journal.progress_.report(name_, fraction); });
  return due;
}

void Task::show(const std::string& text) const {
  in_journal([&](Journal& journal) { journal.progress_.show(name_, text); });
}

void Task::log(int64_t step, const Values& values) const {
  in_journal([&](Journal& journal) { journal.log_.append(name_, step, values); });
}

std::optional<nn::TensorFile> Task::resume() const {
  std::optional<nn::TensorFile> file;
  in_journal([&](Journal& journal) {
    const nn::Path path = journal.checkpoint(name_);
    if (!std::filesystem::exists(path)) return journal.log_.drop_after(name_, std::nullopt);
    file = nn::read_safetensors(path);
    const auto step = parse_field<int64_t>(file->metadata["step"]);
    INPUT_CHECK(step && file->metadata.contains("fingerprint"), path.string(),
                ": not a checkpoint of this program; hint: start over with --overwrite");
    const std::string difference = first_difference(file->metadata["fingerprint"], fingerprint_);
    INPUT_CHECK(difference.empty(), path.string(),
                ": the checkpoint was made with other options: ", difference,
                "; hint: give the old option again, or start over with --overwrite");
    journal.log_.drop_after(name_, *step);
    journal.progress_.resumes(name_);
    journal.saved_at_[name_] = seconds_now();
  });
  return file;
}

bool Task::save_due() const {
  bool due = false;
  in_journal([&](Journal& journal) {
    due = stop_requested() || seconds_now() - journal.saved_at_[name_] >= journal.save_every_;
  });
  return ranks_.any(due);
}

void Task::save(int64_t step, const nn::NamedTensors& tensors, nn::Metadata metadata) const {
  if (!journal_) return;
  metadata["fingerprint"] = fingerprint_;
  metadata["step"] = std::to_string(step);
  in_journal([](Journal& journal) { journal.log_.sync(); });
  // Written without the lock, so that other parts can run; no two tasks share a file.
  nn::write_safetensors(journal_->checkpoint(name_), tensors, metadata);
  in_journal([&](Journal& journal) {
    journal.saved_at_[name_] = seconds_now();
    if (journal.when_saved_) journal.when_saved_();
  });
}

void Task::check_stop() const {
  if (ranks_.any(journal_ && stop_requested())) throw Interrupted();
}

void Task::finish(const std::string& what) const {
  in_journal([&](Journal& journal) {
    journal.log_.sync();
    const double seconds = journal.progress_.finish(name_);
    journal.progress_.say(fmt::format("{}: {} ({})", name_, what, duration_text(seconds)));
  });
}

void Task::discard() const {
  if (journal_) nn::remove_file(journal_->checkpoint(name_));
}

}  // namespace p2rec
