// The whole method on disk: nothing of the held-out items reaches a stage before evaluation, an interrupted run ends like
// an unbroken one, and a folder that does not fit is refused.
#include <chrono>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <thread>

#include "p2rec/artifacts.h"
#include "p2rec/describe_groups.h"
#include "p2rec/pipeline.h"
#include "p2rec/report.h"
#include "p2rec/task.h"
#include "tests/shell.h"
#include "tests/small_run.h"

using namespace p2rec;
using testing::artefacts;
using testing::check_same;
using testing::contains;
using testing::small_data;
using testing::small_options;
using testing::write_data;
namespace fs = std::filesystem;

namespace {

// Paths in config.toml are as given, so that two runs can be compared only if both call their data and folder alike.
class WorkingFolder {
 public:
  WorkingFolder() : before_(fs::current_path()) { fs::current_path(folder_.path()); }
  ~WorkingFolder() { fs::current_path(before_); }
  WorkingFolder(const WorkingFolder&) = delete;
  WorkingFolder& operator=(const WorkingFolder&) = delete;

 private:
  testing::TemporaryFolder folder_;
  fs::path before_;
};

void run_all(Options o) { run_stages(o, Stage::Pretrain, Stage::Evaluate); }

// Replaces the item `from_the_end` places before the end of each sequence by its neighbour in the catalogue.
Interactions with_other_items(Interactions data, size_t from_the_end) {
  for (auto& sequence : data.sequences) {
    if (sequence.size() < 3) continue;
    int32_t& item = sequence[sequence.size() - 1 - from_the_end];
    item = static_cast<int32_t>((item + 1) % data.items());
  }
  return data;
}

// Everything before evaluation, with these data.
std::map<std::string, std::string> run_on(const Interactions& data, const Options& options) {
  const WorkingFolder here;
  write_data(data);
  REQUIRE(read_interactions("data.txt").items() == 40);
  run_stages(options, Stage::Pretrain, Stage::Train);
  return artefacts("out");
}

std::string message_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const ag::InputError& problem) {
    return problem.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("the last item of a user reaches nothing before evaluation") {
  const Interactions data = small_data();
  check_same(run_on(data, small_options()), run_on(with_other_items(data, 0), small_options()));
}

TEST_CASE("without early stopping the validation item reaches nothing either") {
  const Interactions data = small_data();
  Options o = small_options();
  o.patience = 0;
  check_same(run_on(data, o), run_on(with_other_items(with_other_items(data, 0), 1), o));
}

TEST_CASE("with early stopping the validation item does matter: the test above can fail") {
  const Interactions data = small_data();
  CHECK((run_on(data, small_options()) != run_on(with_other_items(data, 1), small_options())));
}

TEST_CASE("a run that is stopped again and again ends like an unbroken one") {
  const Interactions data = small_data();
  std::map<std::string, std::string> unbroken;
  {
    const WorkingFolder here;
    write_data(data);
    run_all(small_options());
    unbroken = artefacts("out");
  }
  const WorkingFolder here;
  write_data(data);
  Options o = small_options();
  int stops = 0;
  for (bool done = false; !done; o.resume = true) {
    // A stop some milliseconds after the start, later each time, so that it falls into every stage.
    std::thread alarm([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(30 + 15 * stops));
      request_stop();
    });
    try {
      run_all(o);
      done = true;
    } catch (const Interrupted&) {
      ++stops;
    }
    alarm.join();
    forget_stop_request();
    REQUIRE(stops < 500);
  }
  MESSAGE("stopped ", stops, " times");
  CHECK(stops >= 3);
  check_same(unbroken, artefacts("out"));
}

TEST_CASE("stage by stage gives what a whole run gives") {
  const Interactions data = small_data();
  std::map<std::string, std::string> whole;
  {
    const WorkingFolder here;
    write_data(data);
    run_all(small_options());
    whole = artefacts("out");
  }
  const WorkingFolder here;
  write_data(data);
  for (Stage stage :
       {Stage::Pretrain, Stage::Groups, Stage::Reconstruct, Stage::Augment, Stage::Train, Stage::Evaluate}) {
    run_stages(small_options(), stage, stage);
  }
  check_same(whole, artefacts("out"));

  // The report is written at the end, again from the files alone, and goes when a stage is begun anew.
  const std::string report = nn::read_file("out/report.html", "report");
  CHECK(contains(report, "class=\"verdict\""));
  const auto records = describe_groups(data, read_groups("out/groups.tsv", data));
  CHECK(contains(report, records[0].top.at(0).title));
  fs::remove("data.txt");
  write_report("out");
  CHECK((nn::read_file("out/report.html", "report") == report));
  write_data(data);
  Options again = small_options();
  again.overwrite = true;
  run_stages(again, Stage::Augment, Stage::Augment);
  CHECK_FALSE(fs::exists("out/report.html"));
}

TEST_CASE("a folder that does not fit is refused by name") {
  const WorkingFolder here;
  write_data(small_data());
  run_stages(small_options(), Stage::Pretrain, Stage::Groups);

  CHECK(contains(message_of([] { run_all(small_options()); }), "--resume"));
  Options other = small_options();
  other.groups = 5;
  other.resume = true;
  const std::string message = message_of([&] { run_all(other); });
  CHECK(contains(message, "groups"));
  CHECK(contains(message, "4"));
  CHECK(contains(message, "5"));
  CHECK(contains(message_of([] { run_stages(small_options(), Stage::Train, Stage::Train); }),
                 "has not been run here"));

  write_data(with_other_items(small_data(), 2));
  other = small_options();
  other.resume = true;
  CHECK(contains(message_of([&] { run_all(other); }), "data.training"));

  fs::create_directory("foreign");
  std::ofstream("foreign/thesis.tex") << "years of work";
  other = small_options();
  other.out = "foreign";
  other.overwrite = true;
  CHECK(contains(message_of([&] { run_all(other); }), "holds no earlier run"));
  CHECK(fs::exists("foreign/thesis.tex"));

  other.out = "data.txt/below";
  CHECK(message_of([&] { run_all(other); }) != "no error");
}

TEST_CASE("more groups than items, and nobody long enough, are errors that say so") {
  const WorkingFolder here;
  write_data(small_data());
  Options o = small_options();
  o.groups = 41;
  CHECK(contains(message_of([&] { run_all(o); }), "--groups"));

  std::ofstream("data.txt") << "1 5\n2 6\n3 7\n";
  fs::remove_all("out");
  CHECK(contains(message_of([&] { run_all(small_options()); }), "data.txt"));
}

TEST_CASE("recommend names items with titles, best first, without what the user knows") {
  const WorkingFolder here;
  const Interactions data = small_data();
  write_data(data);
  run_all(small_options());
  std::ostringstream out;
  recommend({.out = "out", .user = data.user_ids[0], .items = {}, .top = 5}, out);
  std::istringstream lines(out.str());
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    std::istringstream fields(line);
    std::string rank, id;
    fields >> rank >> id;
    const auto item = static_cast<size_t>(std::find(data.item_ids.begin(), data.item_ids.end(), id) -
                                          data.item_ids.begin());
    REQUIRE(item < data.item_ids.size());
    CHECK(contains(line, data.titles[item]));
    const auto& known = data.sequences[0];
    CHECK(std::find(known.begin(), known.end(), static_cast<int32_t>(item)) == known.end());
  }
  CHECK(count == 5);
  CHECK(contains(message_of([] {
                   std::ostringstream nothing;
                   recommend({.out = "out", .user = "nobody", .items = {}}, nothing);
                 }),
                 "nobody"));
}

TEST_CASE("the enhanced embeddings go into every model in every way") {
  const WorkingFolder here;
  write_data(small_data());
  Options o = small_options();
  o.seeds = {1};
  o.starts = {"random", "p2rec_shuffled", "teacher", "groups"};
  run_stages(o, Stage::Pretrain, Stage::Augment);
  const std::string teacher = nn::read_file("out/teacher.safetensors", "artefact");
  for (const char* model : {"sasrec", "gru4rec", "bert4rec"}) {
    for (const char* use : {"start", "frozen", "concat"}) {
      CAPTURE(model);
      CAPTURE(use);
      o.model = model;
      o.use = use;
      o.overwrite = true;
      run_stages(o, Stage::Train, Stage::Evaluate);
      CHECK(contains(nn::read_file("out/results.json", "results"), model));
      std::ostringstream text;
      recommend({"out", "", {"3", "5"}, 4, "teacher", 0}, text);
      const std::string lines = text.str();
      CHECK(std::count(lines.begin(), lines.end(), '\n') == 4);
    }
  }
  CHECK(nn::read_file("out/teacher.safetensors", "artefact") == teacher);
}
