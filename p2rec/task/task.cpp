#include "p2rec/task/task.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <ctime>
#include <iostream>
#include <map>
#include <mutex>
#include <sstream>

#include "p2rec/task/log_file.h"
#include "p2rec/task/progress.h"

namespace p2rec {
namespace {

constexpr int64_t kImpatience = 1'000'000'000;  // nanoseconds from the first signal on

double seconds_now() {
  using namespace std::chrono;
  return duration<double>(steady_clock::now().time_since_epoch()).count();
}

// When a stop was first asked for, by the monotonic clock; 0: never. A signal may find any thread, two may find two.
std::atomic<int64_t> stop_asked_at{0};
static_assert(std::atomic<int64_t>::is_always_lock_free, "a signal's handler must not wait for a lock");

int64_t nanoseconds_now() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

extern "C" void on_stop_signal(int signal) {
  const int errno_before = errno;
  const int64_t now = nanoseconds_now();
  int64_t first = 0;
  if (!stop_asked_at.compare_exchange_strong(first, now) && now - first > kImpatience) {
    // The signal is blocked while its handler runs: this takes effect when the handler returns.
    std::signal(signal, SIG_DFL);
    std::raise(signal);
  }
  errno = errno_before;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

}  // namespace

// --- stopping ----------------------------------------------------------------------------------------------

void install_stop_signals() {
  struct sigaction action {};
  action.sa_handler = on_stop_signal;
  action.sa_flags = SA_RESTART;  // writes are not cut short
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool stop_requested() { return stop_asked_at != 0; }
void request_stop() {
  int64_t never = 0;
  stop_asked_at.compare_exchange_strong(never, nanoseconds_now());
}
void forget_stop_request() { stop_asked_at = 0; }

std::string first_difference(const std::string& before, const std::string& now) {
  const std::vector<std::string> a = lines_of(before), b = lines_of(now);
  for (size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
    const std::string was = i < a.size() ? a[i] : "nothing", is = i < b.size() ? b[i] : "nothing";
    if (was != is) return was + ", now " + is;
  }
  return "";
}

// --- the journal -------------------------------------------------------------------------------------------

struct Journal::State {
  State(nn::Path where, bool quiet, double every)
      : folder(std::move(where)),
        save_every(every),
        log(folder / "log.jsonl"),
        progress(style_of_stderr(quiet), std::cerr, seconds_now) {}

  nn::Path checkpoint(std::string task) const {
    std::replace(task.begin(), task.end(), '/', '-');
    return folder / ("state-" + task + ".safetensors");
  }

  std::mutex mutex;  // of all that follows
  nn::Path folder;
  double save_every;
  LogFile log;
  Progress progress;
  std::map<std::string, double> saved_at;  // per task: when it began or was saved last
  std::function<void()> when_saved;
};

std::shared_ptr<Journal> Journal::open(const nn::Path& folder, bool quiet, double save_every) {
  nn::make_folder(folder);
  std::shared_ptr<Journal> journal(new Journal);
  journal->state_ = std::make_unique<State>(folder, quiet, save_every);
  return journal;
}

void Journal::when_saved(std::function<void()> call) {
  const std::lock_guard lock(state_->mutex);
  state_->when_saved = std::move(call);
}

Journal::~Journal() = default;

Task Journal::task(const std::string& name, const std::string& fingerprint) {
  const std::lock_guard lock(state_->mutex);
  Task task;
  task.name_ = name;
  task.journal_ = shared_from_this();
  task.fingerprint_ = fingerprint;
  state_->progress.begin(name);
  state_->saved_at[name] = seconds_now();
  return task;
}

void Journal::sort_log(const std::string& task, const std::vector<std::string>& parts) {
  const std::lock_guard lock(state_->mutex);
  std::vector<std::string> names;
  for (const std::string& part : parts) names.push_back(task + "/" + part);
  state_->log.sort(names);
}

void Journal::say(const std::string& line) {
  const std::lock_guard lock(state_->mutex);
  state_->progress.say(line);
}

// --- tasks -------------------------------------------------------------------------------------------------

Task Task::part(const std::string& part, int64_t parts) const {
  Task result = *this;
  result.name_ = name_ + "/" + part;
  if (!journal_) return result;
  const std::lock_guard lock(journal_->state_->mutex);
  journal_->state_->progress.begin(result.name_, name_, parts);
  journal_->state_->saved_at[result.name_] = seconds_now();
  return result;
}

void Task::announce(const std::string& what) const {
  if (journal_) journal_->say(name_ + ": " + what);
}

void Task::progress(double fraction, const std::string& text) const {
  if (!journal_) return;
  const std::lock_guard lock(journal_->state_->mutex);
  journal_->state_->progress.report(name_, fraction, text);
}

void Task::log(int64_t step, const Values& values) const {
  if (!journal_) return;
  const std::lock_guard lock(journal_->state_->mutex);
  journal_->state_->log.append(name_, step, values);
}

std::optional<nn::TensorFile> Task::resume() const {
  if (!journal_) return std::nullopt;
  Journal::State& state = *journal_->state_;
  const std::lock_guard lock(state.mutex);
  const nn::Path path = state.checkpoint(name_);
  if (!std::filesystem::exists(path)) {
    state.log.drop_after(name_, std::nullopt);
    return std::nullopt;
  }
  nn::TensorFile file = nn::read_safetensors(path);
  const std::string& text = file.metadata["step"];
  int64_t step = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), step);
  INPUT_CHECK(parsed.ec == std::errc() && file.metadata.count("fingerprint"), path.string(),
              ": not a checkpoint of this program; hint: --overwrite begins anew");
  const std::string difference = first_difference(file.metadata["fingerprint"], fingerprint_);
  INPUT_CHECK(difference.empty(), path.string(), ": the checkpoint was made with other options: ", difference,
              "; hint: give the old option again, or --overwrite begins anew");
  state.log.drop_after(name_, step);
  state.progress.goes_on(name_);
  state.saved_at[name_] = seconds_now();
  return file;
}

bool Task::save_due() const {
  if (!journal_) return false;
  const std::lock_guard lock(journal_->state_->mutex);
  return stop_requested() ||
         seconds_now() - journal_->state_->saved_at[name_] >= journal_->state_->save_every;
}

void Task::save(int64_t step, const nn::NamedTensors& tensors, nn::Metadata metadata) const {
  if (!journal_) return;
  metadata["fingerprint"] = fingerprint_;
  metadata["step"] = std::to_string(step);
  Journal::State& state = *journal_->state_;
  {
    const std::lock_guard lock(state.mutex);
    state.log.sync();
  }
  // Written without the lock: other parts go on meanwhile, and no two tasks share a file.
  nn::write_safetensors(state.checkpoint(name_), tensors, metadata);
  const std::lock_guard lock(state.mutex);
  state.saved_at[name_] = seconds_now();
  if (state.when_saved) state.when_saved();
}

void Task::check_stop() const {
  if (journal_ && stop_requested()) throw Interrupted();
}

void Task::finish(const std::string& what) const {
  if (!journal_) return;
  Journal::State& state = *journal_->state_;
  const std::lock_guard lock(state.mutex);
  state.log.sync();
  const double seconds = state.progress.finish(name_);
  state.progress.say(fmt::format("{}: {} ({})", name_, what, duration_text(seconds)));
}

void Task::discard() const {
  if (journal_) std::filesystem::remove(journal_->state_->checkpoint(name_));
}

}  // namespace p2rec
