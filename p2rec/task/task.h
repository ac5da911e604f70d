// How a long computation shows its progress, keeps its log, stops on request and resumes later.
//
// A Task belongs to one computation ("pretrain", "train/p2rec/2"). A default-constructed one is silent: it
// shows nothing, writes nothing and never stops, so that a method can be called without a journal.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "nn/io/safetensors.h"
#include "p2rec/task/log_file.h"
#include "p2rec/task/progress.h"

namespace p2rec {

// Thrown by Task::check_stop() after a request to stop (Ctrl-C, SIGTERM): not an error.
class Interrupted : public std::runtime_error {
 public:
  Interrupted() : std::runtime_error("stopped on request") {}
};

using Values = std::vector<std::pair<std::string, double>>;  // names and numbers, in the order of writing

class Journal;

class Task {
 public:
  Task() = default;

  const std::string& name() const { return name_; }

  // Says before the work how much there is to do: "943 users, 48,800 tokens an epoch, about 1.6 GiB".
  void announce(const std::string& what) const;
  // The fraction of the work done, in [0,1], and what to show beside it: "epoch 3 of 6, loss 0.0021". Cheap
  // enough for every step: most calls draw nothing.
  void progress(double fraction, const std::string& text) const;

  // One line of log.jsonl: {"task": name, "step": step, values...}. No times: a resumed run's log equals an
  // unbroken one's. Nine digits tell any two floats apart. Throws ag::Error if the disk is full.
  void log(int64_t step, const Values& values) const;

  // The checkpoint that an interrupted run of this task left, if there is one; the task's log lines after its
  // step, without one all of them, are dropped. Throws ag::InputError if it was made with other options.
  std::optional<nn::TensorFile> resume() const;
  // True if it is time to save: `save_every` seconds (Journal) after the last time, or on a request to stop.
  bool save_due() const;
  // Writes the checkpoint state-NAME.safetensors; `step` is the last one that was logged. The log is on the
  // disk before the checkpoint: whatever happens, a checkpoint's log lines are there.
  void save(int64_t step, const nn::NamedTensors& tensors, nn::Metadata metadata = {}) const;
  // Throws Interrupted after a request to stop. Call it right after save.
  void check_stop() const;
  // Says that the work is done, in one line. The checkpoint stays until discard().
  void finish(const std::string& what) const;
  // Removes the checkpoint. Call it when what the task made is whole on the disk.
  void discard() const;

  // A part of this task's work with its own name, log lines and checkpoint: name() + "/" + part. Parts may
  // run on several threads at once. `parts` is their number: each is an equal share of this task's progress.
  Task part(const std::string& part, int64_t parts) const;

 private:
  friend class Journal;
  template <class F>
  void in_journal(const F& f) const;  // calls f with the locked journal; not if this is silent

  std::string name_;
  std::shared_ptr<Journal> journal_;  // null: silent
  std::string fingerprint_;
};

// The journal of one output folder: its log.jsonl, its checkpoints, and what standard error shows.
class Journal : public std::enable_shared_from_this<Journal> {
 public:
  // Makes the folder if need be. What an earlier run left there stays until a task of the same name resumes.
  // `quiet` shows nothing; a task saves every `save_every` seconds.
  static std::shared_ptr<Journal> open(const nn::Path& folder, bool quiet, double save_every = 30);
  // `call` is called after every checkpoint, by one thread at a time.
  void when_saved(std::function<void()> call);
  // `fingerprint`: the options that a checkpoint is made with, "key=value" lines.
  Task task(const std::string& name, const std::string& fingerprint);
  // Sorts this task's log lines by part (in order of `parts`) and step, after parts ran side by side.
  void sort_log(const std::string& task, const std::vector<std::string>& parts);
  void say(const std::string& line);  // a plain line on standard error, not into a half-drawn progress line

 private:
  friend class Task;
  Journal(const nn::Path& folder, bool quiet, double save_every);
  nn::Path checkpoint(std::string task) const;

  const nn::Path folder_;
  const double save_every_;
  std::mutex mutex_;  // of all that follows
  LogFile log_;
  Progress progress_;
  std::map<std::string, double> saved_at_;  // per task: when it began or was saved last
  std::function<void()> when_saved_;
};

// From now on Ctrl-C and SIGTERM request a stop; another one more than a second later ends the program at
// once. (Within that second it is the same request: `timeout` and terminals may signal a program twice, by
// itself and with its group.)
void install_stop_signals();
bool stop_requested();
void request_stop();         // as a signal would; for tests
void forget_stop_request();  // for tests

// Where two fingerprints differ first, for messages: "groups=20, now groups=30". Empty if they are equal.
std::string first_difference(const std::string& before, const std::string& now);

}  // namespace p2rec
