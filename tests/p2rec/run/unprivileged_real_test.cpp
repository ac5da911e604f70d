// A user without rights: files that must not be written are not, and the
// error names a file that cannot be read.
#include <unistd.h>

#include "tests/p2rec/run/interrupted_run.h"
#include "tests/paths.h"

using testing::contains;
using testing::InterruptedRun;
using testing::ProgramResult;

namespace {

namespace fs = std::filesystem;

// The command that runs the program as user nobody; empty if this process is not root. setpriv still has
// root's rights when it starts its command. So it starts env, which finds the program only if nobody may.
std::string as_nobody() {
  return geteuid() == 0 ? "setpriv --reuid=65534 --regid=65534 --clear-groups env " : "";
}

bool can_be_nobody() {
  return std::system((as_nobody() + "'" + program() + "' --version > /dev/null 2>&1").c_str()) == 0;
}

}  // namespace

TEST_CASE("a user without rights") {
  if (!can_be_nobody()) return testing::skip("the program cannot be run as nobody here");
  const InterruptedRun run;
  REQUIRE(run("pretrain").code == 0);
  const InterruptedRun::Files before = run.files();
  const fs::path home = run.folder().parent_path();
  const auto readable = fs::perms::owner_read | fs::perms::owner_exec | fs::perms::group_read |
                        fs::perms::group_exec | fs::perms::others_read | fs::perms::others_exec;
  fs::permissions(run.folder(), readable);
  fs::permissions(home, readable);
  const ProgramResult elsewhere = run("run", "--out new", as_nobody());
  CHECK(elsewhere.code == 2);
  CHECK(contains(elsewhere.err, "new: the folder cannot be made: Permission denied"));
  const ProgramResult same = run("run", "--resume", as_nobody());
  CHECK(same.code == 1);
  CHECK(contains(same.err, "out/config.toml: cannot be created: Permission denied"));
  fs::permissions(home / "data.txt", fs::perms::none);
  const ProgramResult unread = run.shell()("stats --data data.txt", "", as_nobody());
  CAPTURE(unread.err);
  CHECK(unread.code == 2);
  CHECK(contains(unread.err, "data.txt"));
  CHECK(contains(unread.err, "Permission denied"));
  for (const std::string name : {"secret.gguf", "secret.safetensors"}) {
    run.shell().write(name, "GGUF");
    fs::permissions(home / name, fs::perms::none);
    const ProgramResult closed = run.shell()("llm tokenize --text a --llm " + name, "", as_nobody());
    CAPTURE(closed.err);
    CHECK(closed.code == 2);
    CHECK(contains(closed.err, name + ": "));
    CHECK(contains(closed.err, "cannot be opened: Permission denied"));
  }
  fs::permissions(home, fs::perms::owner_all);
  fs::permissions(run.folder(), fs::perms::owner_all);
  CHECK(testing::difference(before, run.files()) == "");
}
