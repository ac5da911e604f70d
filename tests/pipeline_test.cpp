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
#include "p2rec/synthetic.h"
#include "p2rec/task.h"
#include "testing.h"

using namespace p2rec;
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

Interactions small_data() {
  return make_synthetic({.users = 60, .items = 40, .groups = 4, .mean_length = 12, .seed = 3}).interactions;
}

// One line per user, and the titles beside it.
void write_data(const Interactions& data) {
  std::ofstream lines("data.txt");
  for (size_t u = 0; u < data.user_ids.size(); ++u) {
    lines << data.user_ids[u];
    for (int32_t item : data.sequences[u]) lines << ' ' << data.item_ids[static_cast<size_t>(item)];
    lines << '\n';
  }
  std::ofstream titles("data.item");
  titles << "item_id:token\ttitle:token_seq\n";
  for (size_t i = 0; i < data.item_ids.size(); ++i)
    titles << data.item_ids[i] << '\t' << data.titles[i] << '\n';
}

Options small_options() {
  Options o;
  o.data = "data.txt";
  o.out = "out";
  o.seeds = {1, 2};
  o.quiet = true;
  o.max_length = 8;
  o.hidden = o.inner = 8;
  o.batch = 16;
  o.max_epochs = 3;
  o.patience = 2;
  o.groups = 4;
  o.history = 8;
  o.lora_rank = 2;
  o.sft_epochs = 2;
  o.tiny_steps = 4;
  return o;
}

void run_all(Options o) { run_stages(o, Stage::Pretrain, Stage::Evaluate); }

// Every file below a folder with its content, without what evaluation writes.
std::map<std::string, std::string> artefacts(const fs::path& folder) {
  const std::set<fs::path> evaluation = {"results.json", "report.html"};
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file() || evaluation.contains(entry.path().filename())) continue;
    files[fs::relative(entry.path(), folder).string()] = nn::read_file(entry.path(), "artefact");
  }
  return files;
}

void check_same(const std::map<std::string, std::string>& a, const std::map<std::string, std::string>& b) {
  CHECK(a.size() == b.size());
  for (const auto& [name, content] : a) {
    INFO(name);
    REQUIRE(b.contains(name));
    CHECK((b.at(name) == content));  // in brackets: a failure shall not print the file
  }
}

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

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
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
