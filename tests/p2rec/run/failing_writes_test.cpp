// Writes that fail at any point: one line that says so, exit code 1 (2 if the user named an impossible path),
// and the old files are complete.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "tests/p2rec/run/interrupted_run.h"
#include "tests/paths.h"

using testing::contains;
using testing::Dice;
using testing::InterruptedRun;
using testing::ProgramResult;
using testing::Shell;
namespace fs = std::filesystem;

namespace {

void check_one_error(const ProgramResult& result, int code, const std::string& part) {
  CAPTURE(result.err);
  CHECK(result.code == code);
  CHECK(result.err.starts_with("p2rec: error: "));
  CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
  CHECK(contains(result.err, part));
}

// Checks that the files that exist are those of an uninterrupted run, except checkpoints and the log.
void check_whole(const InterruptedRun& run, const InterruptedRun::Files& unbroken) {
  for (const auto& [name, content] : run.files()) {
    const auto& shown = name;
    CAPTURE(shown);
    CHECK_FALSE(name.ends_with(".tmp"));
    if (!name.ends_with(".safetensors") || name.starts_with("state-")) continue;
    REQUIRE(unbroken.contains(name));
    CHECK((content == unbroken.at(name)));
  }
}

void check_goes_on(const InterruptedRun& run, const InterruptedRun::Files& unbroken) {
  const ProgramResult result = run("run", "--resume");
  CAPTURE(result.err);
  CHECK(result.code == 0);
  CHECK(testing::difference(unbroken, run.files()) == "");
}

}  // namespace

TEST_CASE("the disk becomes full during a run") {
  const InterruptedRun run;
  const int64_t operations = run.operations_of("run");
  const InterruptedRun::Files unbroken = run.files();
  Dice dice(2);
  constexpr int64_t kMoments = 6;
  for (int64_t i = 0; i < kMoments; ++i) {
    const int64_t moment = dice.between(1 + operations * i / kMoments, operations * (i + 1) / kMoments - 10);
    CAPTURE(moment);
    run.forget();
    check_one_error(run.on_full_disk_from(moment, "run"), 1, "No space left on device");
    check_whole(run, unbroken);
    check_goes_on(run, unbroken);
  }
}

TEST_CASE("a file grows beyond the limit of its size") {
  const InterruptedRun run;
  run("run");
  const InterruptedRun::Files unbroken = run.files();
  run.forget();
  const std::string limit = "ulimit -f 100; ";  // blocks of half a kilobyte
  check_one_error(run("run", "", limit), 1, "File too large");
  check_whole(run, unbroken);
  check_goes_on(run, unbroken);
}

TEST_CASE("paths where no folder can be made") {
  const InterruptedRun run;
  check_one_error(run("run", "--out data.txt/below"), 2, "data.txt/below: the folder cannot be made");
  check_one_error(run("run", "--out data.txt"), 2, "data.txt: the folder cannot be made");
  check_one_error(run("run", "--out " + std::string(5000, 'x')), 2, "the folder cannot be made");
  check_one_error(run("run", "--out /proc/p2rec"), 2, "/proc/p2rec: the folder cannot be made");
}

TEST_CASE("a second run in the same folder is refused while the first one runs") {
  const InterruptedRun run;
  REQUIRE(run("pretrain").code == 0);
  const nn::FolderLock lock(run.folder());
  check_one_error(run("run", "--resume"), 2, "another run is using this folder");
}

TEST_CASE("standard output that cannot be written") {
  const Shell shell;
  shell.write("pairs.txt", "1 2\n1 3\n2 3\n");
  for (const std::string command :
       {"stats --data pairs.txt", "--help", "--version", "run --help", "llm tokenize --llm tiny --text a"}) {
    CAPTURE(command);
    check_one_error(shell(command, "", "exec 1>/dev/full; "), 1, "standard output cannot be written");
    check_one_error(shell(command, "", "exec 1>&-; "), 1, "standard output cannot be written");
  }
}

TEST_CASE("with closed standard streams, the program does not write into one of its files by mistake") {
  const InterruptedRun run;
  run("run");
  const InterruptedRun::Files unbroken = run.files();
  run.forget();
  // The table at the end cannot be written; everything else is done.
  CHECK(run("run", "", "exec 0<&- 1>&- 2>&-; ").code == 1);
  CHECK(testing::difference(unbroken, run.files()) == "");
}

TEST_CASE("standard input that cannot be read") {
  const Shell shell;
  check_one_error(shell("llm tokenize --llm tiny --text -", "", "exec 0<&-; "), 1,
                  "standard input cannot be read");
}

TEST_CASE("if its reader ends, as head does, the program ends quietly") {
  const Shell shell;
  shell.write("pairs.txt", "1 2\n1 3\n2 3\n");
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const std::string data = (shell / "pairs.txt").string(), errors = (shell / "errors").string();
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDOUT_FILENO);
    dup2(open(errors.c_str(), O_WRONLY | O_CREAT, 0666), STDERR_FILENO);
    close(ends[0]);  // the only reader
    close(ends[1]);
    execl(program().c_str(), program().c_str(), "stats", "--data", data.c_str(), nullptr);
    _exit(99);
  }
  close(ends[1]);
  close(ends[0]);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGPIPE);
  CHECK(nn::read_file(errors, "errors") == "");
}
