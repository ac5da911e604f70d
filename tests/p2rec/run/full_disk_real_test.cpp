// A disk that is really full: a small file system in memory, if this process may mount one.
#include "tests/p2rec/run/interrupted_run.h"

using testing::contains;
using testing::InterruptedRun;
using testing::ProgramResult;

namespace {

class SmallDisk {
 public:
  SmallDisk(nn::Path folder, const std::string& size) : folder_(std::move(folder)) {
    nn::make_folder(folder_);
    mounted_ =
        run("mount -t tmpfs -o size=" + size + " p2rec-test '" + folder_.string() + "' 2> /dev/null") == 0;
  }
  ~SmallDisk() {
    if (mounted_) run("umount '" + folder_.string() + "'");
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  bool mounted() const { return mounted_; }
  void grow_to(const std::string& size) const {
    REQUIRE(run("mount -o remount,size=" + size + " '" + folder_.string() + "'") == 0);
  }

 private:
  static int run(const std::string& command) { return std::system(command.c_str()); }
  nn::Path folder_;
  bool mounted_ = false;
};

}  // namespace

TEST_CASE("a run on a disk that is too small can be resumed when there is more space") {
  const InterruptedRun run;
  REQUIRE(run("run").code == 0);
  const InterruptedRun::Files unbroken = run.files();
  run.forget();
  const SmallDisk disk(run.folder(), "600k");
  if (!disk.mounted()) return testing::skip("no file system can be mounted here");
  const ProgramResult result = run("run");
  CAPTURE(result.err);
  CHECK(result.code == 1);
  CHECK(contains(result.err, "No space left on device"));
  const InterruptedRun::Files left = run.files();
  CHECK(left.contains("teacher.safetensors"));
  for (const auto& [name, content] : left) {
    if (name.ends_with(".safetensors") && !name.starts_with("state-")) CHECK((content == unbroken.at(name)));
  }
  disk.grow_to("50m");
  CHECK(run("run", "--resume").code == 0);
  CHECK(testing::difference(unbroken, run.files()) == "");
}
