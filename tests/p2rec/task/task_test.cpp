#include "p2rec/task/task.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <sstream>
#include <thread>

#include "p2rec/task/log_file.h"
#include "p2rec/task/progress.h"
#include "tests/testing.h"

using ag::InputError;
using ag::Tensor;
using doctest::Contains;
using p2rec::Journal;
using p2rec::Progress;
using p2rec::ProgressStyle;
using p2rec::Task;

namespace {

struct Folder : testing::TemporaryFolder {
  std::shared_ptr<Journal> open() const { return Journal::open(path(), true); }
  std::string log() const { return nn::read_file(*this / "log.jsonl", "log"); }
  bool has(const std::string& name) const { return std::filesystem::exists(*this / name); }
};

std::string line(const std::string& task, int64_t step, const std::string& rest = "") {
  return R"({"task": ")" + task + R"(", "step": )" + std::to_string(step) + rest + "}\n";
}

}  // namespace

TEST_CASE("a task without surroundings is silent and never stops") {
  const Task task, part = task.part("x", 2);
  p2rec::request_stop();
  task.announce("much");
  CHECK(!task.progress(0.5));
  task.show("half");
  task.log(1, {{"loss", 1}});
  task.save(1, {});
  part.check_stop();
  task.check_stop();
  CHECK_FALSE(task.save_due());
  CHECK_FALSE(task.resume().has_value());
  task.finish("done");
  p2rec::forget_stop_request();
}

TEST_CASE("log lines: one per step, nine digits, null for numbers that are not finite") {
  const Folder folder;
  const Task task = folder.open()->task("pretrain", "a=1\n");
  task.log(1, {{"loss", 1.0 / 3}, {"lr", 0.001}});
  CHECK(folder.log() ==
        line("pretrain", 1, R"(, "loss": 0.333333333, "lr": 0.001)"));  // before the file is closed
  task.log(2, {{"loss", NAN}});
  task.part("llm", 1).log(1, {});
  CHECK(folder.log() == line("pretrain", 1, R"(, "loss": 0.333333333, "lr": 0.001)") +
                            line("pretrain", 2, R"(, "loss": null)") + line("pretrain/llm", 1));
}

TEST_CASE("resume drops the task's lines after the checkpoint's step, and no others") {
  const Folder folder;
  {
    const auto journal = folder.open();
    const Task other = journal->task("a", ""), task = journal->task("ab", "x=1\ny=2\n");
    for (int64_t step = 1; step <= 5; ++step) {
      other.log(step, {});
      task.log(step, {});
      if (step == 3) task.save(3, {{"w", Tensor::from({2}, {1, 2})}}, {{"best", "0.5"}});
    }
    std::ofstream(folder / "log.jsonl", std::ios::app) << R"({"task": "a", "st)";  // killed while writing
  }
  const Task task = folder.open()->task("ab", "x=1\ny=2\n");
  const auto file = task.resume();
  REQUIRE(file.has_value());
  CHECK(file->at("w").values() == std::vector<ag::real>{1, 2});
  CHECK(file->metadata.at("best") == "0.5");
  CHECK(file->metadata.at("step") == "3");
  std::string expected;
  for (int64_t step = 1; step <= 3; ++step) expected += line("a", step) + line("ab", step);
  expected += line("a", 4) + line("a", 5);
  CHECK(folder.log() == expected);
  task.log(4, {});
  CHECK(folder.log() == expected + line("ab", 4));
}

TEST_CASE("without a checkpoint the task's old lines are removed") {
  const Folder folder;
  {
    const auto journal = folder.open();
    journal->task("a", "").log(1, {});
    journal->task("b", "").log(1, {});
  }
  const auto journal = folder.open();
  CHECK_FALSE(journal->task("a", "").resume().has_value());
  CHECK(folder.log() == line("b", 1));
}

TEST_CASE("an incomplete last line is removed before the next one is written") {
  const Folder folder;
  nn::write_atomically(folder / "log.jsonl", line("a", 1) + R"({"task": "a")");
  folder.open()->task("b", "").log(1, {});
  CHECK(folder.log() == line("a", 1) + line("b", 1));
}

TEST_CASE("a log of another program is refused by line") {
  const Folder folder;
  nn::write_atomically(folder / "log.jsonl", line("a", 1) + "hello\n");
  CHECK_THROWS_WITH_AS(folder.open()->task("b", "").log(1, {}),
                       Contains("log.jsonl:2: found a line that is not a step"), InputError);
  nn::write_atomically(folder / "log.jsonl", R"({"task": "a", "step": 1, "loss": "low"})"
                                             "\n");
  CHECK_THROWS_WITH_AS(folder.open()->task("b", "").log(1, {}),
                       Contains("log.jsonl:1: found a line that is not a step"), InputError);
}

TEST_CASE("a log's lines are read: numbers by name, without those that were not finite") {
  const Folder folder;
  p2rec::LogFile log(folder / "log.jsonl");
  log.append("a/b", 3, {{"loss", 0.125}, {"lr", 1e-3}, {"heldout_loss", NAN}});
  log.append("c", 4, {});
  const auto lines = log.read();
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].task == "a/b");
  CHECK(lines[0].step == 3);
  CHECK(lines[0].values == std::map<std::string, double>{{"loss", 0.125}, {"lr", 1e-3}});
  CHECK(lines[1].step == 4);
  CHECK(lines[1].values.empty());
  CHECK(folder.log() == lines[0].text + "\n" + lines[1].text + "\n");
}

TEST_CASE("a full disk is an error") {
  const Folder folder;
  std::filesystem::create_symlink("/dev/full", folder / "log.jsonl");
  CHECK_THROWS_WITH_AS(folder.open()->task("a", "").log(1, {}),
                       Contains("log.jsonl: cannot be written: No space"), ag::Error);
}

TEST_CASE("a checkpoint made with other options is refused, naming the first that differs") {
  const Folder folder;
  folder.open()->task("train", "lr=0.1\ngroups=20\nseed=1\n").part("p2rec/2", 4).save(7, {});
  CHECK(folder.has("state-train-p2rec-2.safetensors"));
  const Task task = folder.open()->task("train", "lr=0.1\ngroups=30\nseed=2\n").part("p2rec/2", 4);
  CHECK_THROWS_WITH_AS(task.resume(),
                       Contains("state-train-p2rec-2.safetensors: the checkpoint was made with other "
                                "options: groups=20, now groups=30; hint: "),
                       InputError);
  CHECK_THROWS_WITH_AS(task.resume(), Contains("--overwrite"), InputError);
  CHECK(p2rec::first_difference("a=1\n", "a=1\nb=2\n") == "nothing, now b=2");
  CHECK(p2rec::first_difference("a=1\nb=2\n", "a=1\n") == "b=2, now nothing");
  CHECK(p2rec::first_difference("a=1\n", "a=1\n") == "");
}

TEST_CASE("a file that is not a checkpoint, or a truncated one, is refused by name") {
  const Folder folder;
  const Task task = folder.open()->task("a", "x=1\n");
  nn::write_safetensors(folder / "state-a.safetensors", {}, {{"fingerprint", "x=1\n"}, {"step", "many"}});
  CHECK_THROWS_WITH_AS(task.resume(), Contains("state-a.safetensors: not a checkpoint"), InputError);
  nn::write_safetensors(folder / "state-a.safetensors", {}, {{"step", "1"}});
  CHECK_THROWS_WITH_AS(task.resume(), Contains("state-a.safetensors: not a checkpoint"), InputError);
  nn::write_atomically(folder / "state-a.safetensors", "123");
  CHECK_THROWS_WITH_AS(task.resume(), Contains("state-a.safetensors: not a safetensors file"), InputError);
}

TEST_CASE("the checkpoint stays when the task has finished, until it is discarded") {
  const Folder folder;
  const Task task = folder.open()->task("a", "");
  task.save(1, {});
  CHECK(folder.has("state-a.safetensors"));
  task.finish("done");
  CHECK(folder.has("state-a.safetensors"));
  task.discard();
  CHECK_FALSE(folder.has("state-a.safetensors"));
  task.discard();  // allowed without a checkpoint
}

TEST_CASE("when to save, and the notification") {
  const Folder folder;
  CHECK_FALSE(folder.open()->task("a", "").save_due());
  const auto journal = Journal::open(folder.path(), true, 0);
  const Task task = journal->task("a", "");
  CHECK(task.save_due());
  int calls = 0;
  journal->when_saved([&] { calls += folder.has("state-a.safetensors"); });
  task.save(1, {});
  CHECK(calls == 1);
  journal->when_saved(nullptr);
  task.save(2, {});
  CHECK(calls == 1);
}

TEST_CASE("a partly written line is removed before the next one is written") {
  const Folder folder;
  const Task task = folder.open()->task("a", "");
  task.log(1, {});
  // Limits the file's size to the middle of the next line, like a full disk.
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const auto ignored = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{folder.log().size() + 5, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  std::string message;
  try {
    task.log(2, {});
  } catch (const ag::Error& error) {
    message = error.what();
  }
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, ignored);
  CHECK(message.find("log.jsonl: cannot be written: File too large") != std::string::npos);
  CHECK(folder.log().size() == line("a", 1).size() + 5);
  task.log(3, {});
  CHECK(folder.log() == line("a", 1) + line("a", 3));
}

TEST_CASE("zero bytes at the log's end, as after a power failure, are removed") {
  const Folder folder;
  nn::write_atomically(folder / "log.jsonl", line("a", 1) + std::string(100, '\0') + "\n");
  folder.open()->task("b", "").log(1, {});
  CHECK(folder.log() == line("a", 1) + line("b", 1));
}

TEST_CASE("all lines of a task and its parts can be dropped") {
  const Folder folder;
  {
    const auto journal = folder.open();
    for (const char* name : {"a", "ab", "b"}) journal->task(name, "").log(1, {});
    journal->task("a", "").part("x", 1).log(1, {});
  }
  p2rec::LogFile(folder / "log.jsonl").drop_all("a");
  CHECK(folder.log() == line("ab", 1) + line("b", 1));
}

TEST_CASE("a request to stop is due to be saved, then thrown") {
  const Folder folder;
  const Task task = folder.open()->task("a", "");
  CHECK_FALSE(task.save_due());
  CHECK_NOTHROW(task.check_stop());
  p2rec::request_stop();
  CHECK(p2rec::stop_requested());
  CHECK(task.save_due());
  CHECK_THROWS_AS(task.check_stop(), p2rec::Interrupted);
  CHECK_THROWS_AS(task.part("b", 2).check_stop(), p2rec::Interrupted);
  p2rec::forget_stop_request();
  CHECK_NOTHROW(task.check_stop());
}

TEST_CASE("the first signal requests a stop, another one more than a second later ends the program") {
  for (const int signal : {SIGINT, SIGTERM}) {
    const pid_t child = fork();
    if (child == 0) {
      p2rec::install_stop_signals();
      if (p2rec::stop_requested()) _exit(1);
      std::raise(signal);
      if (!p2rec::stop_requested()) _exit(2);
      std::raise(signal);  // a second signal at once counts as the same request
      std::raise(signal == SIGINT ? SIGTERM : SIGINT);
      std::this_thread::sleep_for(std::chrono::milliseconds(1100));
      std::raise(signal);
      _exit(3);
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == signal);
  }
}

TEST_CASE("parts on several threads, then sorted") {
  const Folder folder;
  const auto journal = folder.open();
  const Task task = journal->task("train", "x=1\n");
  journal->task("pretrain", "").log(1, {});
  constexpr int kParts = 4, kSteps = 50;
  std::vector<std::thread> threads;
  for (int i = 0; i < kParts; ++i) {
    threads.emplace_back([&, i] {
      const Task part = task.part(std::to_string(i), kParts);
      part.resume();
      for (int64_t step = 1; step <= kSteps; ++step) {
        part.log(step, {{"part", i}});
        if (part.progress(static_cast<double>(step) / kSteps)) part.show("");
        if (step % 20 == 0) part.save(step, {{"w", Tensor::full({3}, static_cast<ag::real>(i))}});
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  journal->task("evaluate", "").log(1, {});
  journal->sort_log("train", {"3", "2", "1", "0"});
  std::string expected = line("pretrain", 1);
  for (int i = kParts - 1; i >= 0; --i) {
    CHECK(folder.has("state-train-" + std::to_string(i) + ".safetensors"));
    for (int64_t step = 1; step <= kSteps; ++step) {
      expected += line("train/" + std::to_string(i), step, ", \"part\": " + std::to_string(i));
    }
  }
  CHECK(folder.log() == expected + line("evaluate", 1));
}

// --- progress ----------------------------------------------------------------------------------------------

static void report(Progress& progress, const std::string& task, double fraction, const std::string& text) {
  if (progress.report(task, fraction)) progress.show(task, text);
}

TEST_CASE("without a terminal: the first report, then one line in ten seconds, with the time left") {
  std::ostringstream out;
  double now = 100;
  Progress progress(ProgressStyle::Lines, out, [&] { return now; });
  progress.begin("pretrain");
  for (int step = 1; step <= 25; ++step) {
    now += 1;
    report(progress, "pretrain", step / 100.0, "step " + std::to_string(step));
  }
  CHECK(out.str() ==
        "pretrain   1 %  1 min 39 s left  step 1\n"
        "pretrain  11 %  1 min 29 s left  step 11\n"
        "pretrain  21 %  1 min 19 s left  step 21\n");
  CHECK(progress.finish("pretrain") == 25);
}

TEST_CASE("the remaining time does not include the work of an earlier process") {
  std::ostringstream out;
  double now = 0;
  Progress progress(ProgressStyle::Lines, out, [&] { return now; });
  progress.begin("train");
  progress.resumes("train");
  report(progress, "train", 0.5, "a");
  now = 20;
  report(progress, "train", 0.6, "b");  // 0.1 in 20 s, 0.4 are left
  CHECK(out.str() == "train  50 %  a\ntrain  60 %  1 min 20 s left  b\n");
}

TEST_CASE("parts are equal shares of their task") {
  std::ostringstream out;
  double now = 0;
  Progress progress(ProgressStyle::Lines, out, [&] { return now; });
  progress.begin("train");
  for (const char* part : {"train/a", "train/b"}) progress.begin(part, "train", 4);
  report(progress, "train/a", 0.5, "x");
  now = 30;
  progress.finish("train/a");
  report(progress, "train/b", 0.2, "y");
  CHECK(out.str() == "train  12 %  a: x\ntrain  30 %  1 min 10 s left  b: y\n");
}

TEST_CASE("on a terminal: five redraws a second, cut to the width, gone before a plain line") {
  std::ostringstream out;
  double now = 0;
  {
    Progress progress(ProgressStyle::Terminal, out, [&] { return now; });
    progress.begin("a");
    for (int i = 1; i <= 10; ++i) {
      now += 0.0625;
      report(progress, "a", 0.01 * i, "i");
    }
    CHECK(out.str() == "\ra   1 %  i\x1b[K\ra   5 %  i\x1b[K\ra   9 %  i\x1b[K");
    out.str("");
    progress.say("hello");
    CHECK(out.str() == "\r\x1b[Khello\n");
    out.str("");
    progress.say("again");
    CHECK(out.str() == "again\n");
    now += 1;
    out.str("");
    std::string text;
    for (int i = 0; i < 1000; ++i) text += "é";
    report(progress, "a", 0.5, text);
    const size_t drawn = out.str().size();
    CHECK(drawn > 80);
    CHECK(drawn < 1000);
    CHECK(out.str().ends_with("é\x1b[K"));
    out.str("");
  }
  CHECK(out.str() == "\r\x1b[K");  // the line is removed
}

TEST_CASE("quiet shows nothing") {
  std::ostringstream out;
  Progress progress(ProgressStyle::Quiet, out, [] { return 0.0; });
  progress.begin("a");
  report(progress, "a", 0.5, "x");
  progress.say("y");
  progress.finish("a");
  CHECK(out.str() == "");
}

TEST_CASE("durations") {
  CHECK(p2rec::duration_text(0.04) == "0.0 s");
  CHECK(p2rec::duration_text(9.94) == "9.9 s");
  CHECK(p2rec::duration_text(9.96) == "10 s");
  CHECK(p2rec::duration_text(59.6) == "1 min 0 s");
  CHECK(p2rec::duration_text(3599.7) == "1 h 0 min");
  CHECK(p2rec::duration_text(7500) == "2 h 5 min");
}
