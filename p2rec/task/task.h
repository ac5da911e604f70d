// A task: a long computation that shows its progress, keeps a log, stops on request and resumes later.
//
// A Task belongs to one computation ("pretrain", "train/p2rec/2"). A default-constructed one is silent: it
// shows nothing, writes nothing and never stops, so that a method can be called without a journal.
//
// Several ranks (autograd/communicator.h) may share the work of a task. Then all of them make the same calls;
// rank 0 shows, logs and saves, all of them resume, and a request to stop reaches all.
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

#include "autograd/communicator.h"
#include "nn/io/safetensors.h"
#include "p2rec/task/log_file.h"
#include "p2rec/task/progress.h"

namespace p2rec {

// Thrown by Task::check_stop() after a request to stop (Ctrl-C, SIGTERM). Not an error.
class Interrupted : public std::runtime_error {
 public:
  Interrupted() : std::runtime_error("stopped on request") {}
};

using Values = std::vector<std::pair<std::string, double>>;  // names and numbers, in the order of writing

class Journal;

class Task {
 public:
  Task() = default;
  explicit Task(const ag::Communicator& ranks) : ranks_(ranks) {}  // also silent

  const std::string& name() const { return name_; }
  // The ranks that share the work: of a default-constructed task, this process; of a journal's task, all.
  const ag::Communicator& ranks() const { return ranks_; }

  // Prints, before the work, how much there is to do: "943 users, 48,800 tokens per epoch".
  void announce(const std::string& what) const;
  // Sets the fraction of the work done, in [0,1]. True if it is time to show it, seldom: then call show()
  // with a text like "epoch 3 of 6, loss 0.0021".
  bool progress(double fraction) const;
  void show(const std::string& text) const;

  // Writes a line of log.jsonl: {"task": name, "step": step, values...}. It has no times, so that the log of
  // a resumed run equals that of an uninterrupted one. Nine digits distinguish any two floats. Throws
  // ag::Error if the disk is full.
  void log(int64_t step, const Values& values) const;

  // The checkpoint of an interrupted run of this task, if there is one. Drops the task's log lines
  // after the checkpoint's step, or all of them without a checkpoint. Throws ag::InputError if it was
  // made with other options.
  std::optional<nn::TensorFile> resume() const;
  // True `save_every` seconds (Journal) after the last save, and after a request to stop.
  bool save_due() const;
  // Writes the checkpoint state-NAME.safetensors; `step` is the last logged step. Syncs the log first, so
  // that the log lines of a checkpoint are always on the disk.
  void save(int64_t step, const nn::NamedTensors& tensors, nn::Metadata metadata = {}) const;
  // Throws Interrupted after a request to stop. Call it right after save.
  void check_stop() const;
  // Prints a line that the work is done. The checkpoint stays until discard().
  void finish(const std::string& what) const;
  // Removes the checkpoint. Call it when the task's result is completely on the disk.
  void discard() const;

  // A part of this task's work, with its own name, name() + "/" + part, log lines and checkpoint. Parts may
  // run on several threads. `parts` is their number; each is an equal share of this task's progress.
  Task part(const std::string& part, int64_t parts) const;

 private:
  friend class Journal;
  template <class F>
  void in_journal(const F& f) const;  // calls f with the locked journal; if silent, does nothing

  std::string name_;
  std::shared_ptr<Journal> journal_;  // null: silent
  std::string fingerprint_;
  ag::Communicator ranks_;
};

// The journal of one output folder: log.jsonl, checkpoints, and the progress on standard error.
class Journal : public std::enable_shared_from_this<Journal> {
 public:
  // Creates the folder if it does not exist. Files of an earlier run stay until a task with the same name
  // resumes. `quiet` shows nothing; a task saves every `save_every` seconds.
  static std::shared_ptr<Journal> open(const nn::Path& folder, bool quiet, double save_every = 30);
  // Sets a function to call after every checkpoint, by one thread at a time.
  void when_saved(std::function<void()> call);
  // `fingerprint`: the options that a checkpoint depends on, as lines "key=value".
  Task task(const std::string& name, const std::string& fingerprint);
  // Sorts this task's log lines by part (in the order of `parts`) and step, after parts ran in parallel.
  void sort_log(const std::string& task, const std::vector<std::string>& parts);
  void say(const std::string& line);  // prints a line to standard error; removes a half-drawn progress line

 private:
  friend class Task;
  Journal(const nn::Path& folder, bool quiet, double save_every);
  nn::Path checkpoint(std::string task) const;

  const nn::Path folder_;
  const double save_every_;
  std::mutex mutex_;  // guards the members below
  LogFile log_;
  Progress progress_;
  std::map<std::string, double> saved_at_;  // per task: time of its start or last save
  std::function<void()> when_saved_;
};

// From now on, Ctrl-C and SIGTERM request a stop. Another signal more than a second later ends the program at
// once. (Within that second it counts as the same request: `timeout` and terminals may signal a program
// twice, by itself and with its group.)
void install_stop_signals();
bool stop_requested();
void request_stop();         // as a signal would; for tests
void forget_stop_request();  // for tests

// The first difference of two fingerprints, for messages: "groups=20, now groups=30"; "" if they are equal.
std::string first_difference(const std::string& before, const std::string& now);

}  // namespace p2rec
