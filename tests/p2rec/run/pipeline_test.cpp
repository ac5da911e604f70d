// The whole method on disk: held-out items affect no stage before evaluation, an interrupted run ends like an
// uninterrupted one, and a folder that does not fit is refused.
#include <chrono>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <thread>

#include "models/recommenders/popularity.h"
#include "p2rec/data/load_data.h"
#include "p2rec/evaluation/evaluation.h"
#include "p2rec/methods/common/recommend.h"
#include "p2rec/methods/p2rec/p2rec.h"
#include "p2rec/methods/settings.h"
#include "p2rec/run/results_file.h"
#include "p2rec/task/task.h"
#include "tests/folders.h"
#include "tests/p2rec/cli/shell.h"
#include "tests/p2rec/run/small_run.h"

using namespace p2rec;
using testing::artefacts;
using testing::check_same;
using testing::contains;
using testing::message_of;
using testing::Options;
using testing::run_stages;
using testing::small_data;
using testing::small_options;
using testing::WorkingFolder;
using testing::write_data;
namespace fs = std::filesystem;

namespace {

void run_all(const Options& o) { run_stages(o); }

void recommend_from(const std::string& folder, const RecommendRequest& request, std::ostream& out) {
  const auto settings = settings_of_run(folder);
  const auto& config = dynamic_cast<const P2RecConfig&>(*settings->config);
  recommend(request, {folder, settings->run, config.recommender, config.inits, "p2rec"}, out);
}

// Replaces the item that is `from_the_end` places before the end of each
// sequence by its neighbour in the catalogue.
Interactions with_other_items(Interactions data, size_t from_the_end) {
  for (auto& sequence : data.sequences) {
    if (sequence.size() < 3) continue;
    int32_t& item = sequence[sequence.size() - 1 - from_the_end];
    item = static_cast<int32_t>((item + 1) % data.items());
  }
  return data;
}

// Runs all stages before evaluation on these data.
std::map<std::string, std::string> run_on(const Interactions& data, const Options& options) {
  const WorkingFolder here;
  write_data(data);
  REQUIRE(load_data("data.txt").items() == 40);
  run_stages(options, "pretrain", "train");
  return artefacts("out");
}

}  // namespace

TEST_CASE("the last item of a user reaches nothing before evaluation") {
  const Interactions data = small_data();
  check_same(run_on(data, small_options()), run_on(with_other_items(data, 0), small_options()));
}

TEST_CASE("without early stopping the validation item reaches nothing either") {
  const Interactions data = small_data();
  Options o = small_options();
  o["patience"] = "0";
  check_same(run_on(data, o), run_on(with_other_items(with_other_items(data, 0), 1), o));
}

TEST_CASE("with early stopping the validation item does matter, so the test above can fail") {
  const Interactions data = small_data();
  CHECK((run_on(data, small_options()) != run_on(with_other_items(data, 1), small_options())));
}

TEST_CASE("a run that is stopped repeatedly ends like an uninterrupted one") {
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
  for (bool done = false; !done; o["resume"] = "true") {
    // Stops some milliseconds after the start, each time later, so that every stage is stopped.
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

TEST_CASE("single stages give the same as a whole run") {
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
  for (const char* stage :
       {"pretrain", "groups", "tiny_llm", "reconstruct", "augment", "train", "evaluate"}) {
    run_stages(small_options(), stage, stage);
  }
  check_same(whole, artefacts("out"));

  // The report needs only the files of the run, and is removed when a stage runs again.
  fs::remove("data.txt");
  write_report("out", report_plan(*settings_of_run("out")));
  const std::string page = nn::read_file("out/report.html", "report");
  for (const char* part : {"class=\"verdict\"", "<pre>User history:&lt;i", "id=\"map-enhanced-t\"",
                           "by\u00A0random-1", "href=\"./adapter/adapter_config.json\"", "--out out-again"}) {
    CAPTURE(part);
    CHECK(contains(page, part));
  }
  CHECK(contains(page,
                 "default 64)</small></th><td class=\"value\">8</td><td class=\"value\">64</td>"));  // hidden
  const Options odd = {{"out", "my 'run'"}};
  CHECK(report_plan(*settings_of({}, testing::given(odd))).again ==
        R"(p2rec run --config 'my '\''run'\''/config.toml' --out 'my '\''run'\''-again')");
  write_data(data);
  Options again = small_options();
  again["overwrite"] = "true";
  run_stages(again, "augment", "augment");
  CHECK_FALSE(fs::exists("out/report.html"));
}

TEST_CASE("a language model from a file may be moved, but not replaced, when a run is resumed") {
  const WorkingFolder here;
  write_data(small_data());
  for (const char* model : {"llama3", "llama3.gguf"}) {
    CAPTURE(model);
    fs::copy(testing::family_path(model), model, fs::copy_options::recursive);
    Options o = small_options();
    o["out"] = std::string("out of ") + model;
    o["llm"] = model;
    o["items-as"] = "titles";
    o["history"] = "2";
    run_stages(o, "pretrain", "augment");
    const nn::TensorFile embeddings =
        nn::read_safetensors(fs::path(o["out"]) / "item_embeddings.safetensors");
    CHECK(embeddings.at("embeddings").dim(0) == 40);
    fs::rename(model, "moved");
    o["llm"] = "moved";
    o["resume"] = "true";
    CHECK(message_of([&] { run_stages(o, "augment", "augment"); }) == "no error");
    fs::remove_all("moved");
    fs::copy(testing::family_path(fs::is_directory(testing::family_path(model)) ? "llama2" : "qwen2.gguf"),
             "moved", fs::copy_options::recursive);
    const std::string message = message_of([&] { run_stages(o, "augment", "augment"); });
    CAPTURE(message);
    CHECK(contains(message, "was run with llm=file with hash"));
    fs::remove_all("moved");
  }
}

TEST_CASE("a folder that does not fit is refused by name") {
  const WorkingFolder here;
  write_data(small_data());
  run_stages(small_options(), "pretrain", "groups");

  CHECK(contains(message_of([] { run_all(small_options()); }), "--resume"));
  Options other = small_options();
  other["groups"] = "5";
  other["resume"] = "true";
  const std::string message = message_of([&] { run_all(other); });
  CHECK(contains(message, "groups"));
  CHECK(contains(message, "4"));
  CHECK(contains(message, "5"));
  CHECK(contains(message_of([] { run_stages(small_options(), "train", "train"); }), "has not been run here"));

  write_data(with_other_items(small_data(), 2));
  other = small_options();
  other["resume"] = "true";
  CHECK(contains(message_of([&] { run_all(other); }), "data.training"));

  fs::create_directory("foreign");
  std::ofstream("foreign/thesis.tex") << "years of work";
  other = small_options();
  other["out"] = "foreign";
  other["overwrite"] = "true";
  CHECK(contains(message_of([&] { run_all(other); }), "has no earlier run"));
  CHECK(fs::exists("foreign/thesis.tex"));

  other["out"] = "data.txt/below";
  CHECK(message_of([&] { run_all(other); }) != "no error");
}

TEST_CASE("more groups than items, a scale without use, and nobody long enough are errors that say so") {
  const WorkingFolder here;
  write_data(small_data());
  Options o = small_options();
  o["groups"] = "41";
  CHECK(contains(message_of([&] { run_all(o); }), "groups: found 41"));
  o = small_options();
  o["use"] = "frozen";
  o["start-std"] = "1";
  CHECK(contains(message_of([&] { run_all(o); }), "start-std: found 1, which has no effect without use"));

  std::ofstream("data.txt") << "1 5\n2 6\n3 7\n";
  fs::remove_all("out");
  CHECK(contains(message_of([&] { run_all(small_options()); }), "data.txt"));
}

TEST_CASE("a start needs only the stage that made it") {
  const WorkingFolder here;
  write_data(small_data());
  Options o = small_options();
  const auto train = [&](const std::string& starts) {
    Options plain = o;
    plain["starts"] = starts;
    plain["overwrite"] = "true";
    return message_of([&] { run_stages(plain, "train", "evaluate"); });
  };
  CHECK(train("random") == "no error");
  const std::string recommender = nn::read_file("out/recommender-random-1.safetensors", "recommender");
  for (const std::string start : {"teacher", "groups", "p2rec", "p2rec_shuffled", "llm_untuned"})
    CHECK(contains(train("random," + start),
                   "the stage 'pretrain' has not been run here; hint: p2rec pretrain"));
  // The old file is still there: the command was refused before it removed anything.
  CHECK(nn::read_file("out/recommender-random-1.safetensors", "recommender") == recommender);

  o["out"] = "both";
  run_stages(o, "pretrain", "pretrain");
  CHECK(train("random,teacher") == "no error");
  for (const auto& [start, stage] : std::map<std::string, std::string>{{"groups", "groups"},
                                                                       {"p2rec", "augment"},
                                                                       {"p2rec_shuffled", "augment"},
                                                                       {"llm_untuned", "augment"}}) {
    const std::string message = train("random," + start);
    CAPTURE(message);
    CHECK(contains(message, "the stage '" + stage + "' has not been run here; hint: p2rec " + stage));
  }
  Options again = o;
  again["overwrite"] = "true";
  run_stages(again, "groups", "groups");
  CHECK(train("random,teacher,groups") == "no error");
  CHECK(contains(train("p2rec"), "the stage 'augment' has not been run here"));
  // Random initial values need neither groups nor principal components, so too many of them are no error.
  o["out"] = "wide";
  o["hidden"] = o["inner"] = "64";
  o["groups"] = "100";
  CHECK(train("random") == "no error");
  o.erase("starts");
  o["groups"] = "4";
  o["overwrite"] = "true";
  CHECK(contains(message_of([&] { run_all(o); }), "hidden: found 64"));
}

TEST_CASE("a plain recommender equals the one of the whole method with random initial values") {
  const WorkingFolder here;
  write_data(small_data());
  Options o = small_options();
  run_all(o);
  Options plain = o;
  plain["out"] = "plain";
  plain["starts"] = "random";
  run_stages(plain, "train", "evaluate");
  for (const char* file : {"recommender-random-1.safetensors", "recommender-random-2.safetensors"}) {
    const nn::TensorFile a = nn::read_safetensors(fs::path("out") / file),
                         b = nn::read_safetensors(fs::path("plain") / file);
    REQUIRE(a.tensors.size() == b.tensors.size());
    for (size_t i = 0; i < a.tensors.size(); ++i) {
      CHECK(a.tensors[i].first == b.tensors[i].first);
      CHECK(a.tensors[i].second.values() == b.tensors[i].second.values());
    }
  }
}

TEST_CASE("popularity: counted, evaluated and recommended without any other stage") {
  const WorkingFolder here;
  const Interactions data = small_data();
  write_data(data);
  Options o = {{"data", "data.txt"}, {"out", "out"}, {"quiet", "true"}, {"model", "popularity"}};
  run_all(o);  // no other stage is needed
  for (const char* file : {"out/teacher.safetensors", "out/item_embeddings.safetensors"})
    CHECK_FALSE(fs::exists(file));
  const auto ndcg_of_run = [] {
    const Summary summary = ResultsFile("out").read().results.value();
    REQUIRE(summary.arms.size() == 1);
    CHECK(summary.arms[0].name == "popularity");
    return summary.arms[0].metrics.at(0).at(summary.index_of("NDCG@10")).mean;
  };
  const auto ndcg_of = [&](CountedPart part) {
    return evaluate(models::Popularity(item_counts(data, part)), data).at("NDCG@10");
  };
  CHECK(ndcg_of_run() == ndcg_of(CountedPart::Training));
  std::ostringstream out;
  recommend_from("out", {.users = {data.user_ids[0]}, .top = 3}, out);
  const std::string printed = out.str();
  CHECK(std::count(printed.begin(), printed.end(), '\n') == 3);

  // The published count includes the held-out items, so it is another training.
  o["popularity"] = "all";
  o["resume"] = "true";
  CHECK(contains(message_of([&] { run_stages(o, "train", "evaluate"); }),
                 "popularity=train, now popularity=all"));
  o["resume"] = "false";
  o["overwrite"] = "true";
  run_stages(o, "train", "evaluate");
  CHECK(ndcg_of_run() == ndcg_of(CountedPart::Everything));
}

TEST_CASE("evaluation's options change no training, and every rank is written") {
  const WorkingFolder here;
  const Interactions data = small_data();
  write_data(data);
  Options o = small_options();
  o["starts"] = "random";
  run_stages(o, "train", "evaluate");
  const std::string recommender = nn::read_file("out/recommender-random-1.safetensors", "recommender");
  const Summary full = ResultsFile("out").read().results.value();

  Options other = o;
  other["ranking"] = "sampled";
  other["negatives-ranked"] = "7";
  other["cutoffs"] = "1,10";
  other["resume"] = "true";
  CHECK(contains(message_of([&] { run_stages(other, "evaluate", "evaluate"); }),
                 "ranking=full, now ranking=sampled"));
  other["resume"] = "false";
  other["overwrite"] = "true";
  run_stages(other, "evaluate", "evaluate");
  CHECK(nn::read_file("out/recommender-random-1.safetensors", "recommender") == recommender);
  const Summary sampled = ResultsFile("out").read().results.value();
  REQUIRE(sampled.arms.at(0).seeds.size() == 2);
  const auto mean = [](const Summary& summary, const std::string& measure) {
    return summary.arms.at(0).seeds.at(0).means.at(0).at(summary.index_of(measure));
  };
  CHECK(sampled.measures == measure_names({1, 10}));
  CHECK(mean(sampled, "HR@10") == 1);  // all of 8 items are among the first ten
  CHECK(mean(full, "HR@10") < 1);

  std::istringstream lines(nn::read_file("out/ranks.tsv", "ranks"));
  std::string line;
  std::getline(lines, line);
  CHECK(line == "user_id\titem_id\thistory\titem_count\trare\trandom-1\trandom-2\tpopularity-1");
  std::vector<int64_t> ranks;
  int64_t rare = 0;
  for (const int64_t u : ranked_users(data, Target::Test)) {
    REQUIRE(std::getline(lines, line));
    std::istringstream fields(line);
    std::string user, item;
    int64_t history = 0, count = 0, is_rare = 0, first = 0, second = 0;
    fields >> user >> item >> history >> count >> is_rare >> first >> second;
    CHECK(fields);
    CHECK(user == data.user_ids[static_cast<size_t>(u)]);
    CHECK(item == data.item_ids[static_cast<size_t>(target_item(data, u, Target::Test))]);
    CHECK(history == static_cast<int64_t>(target_history(data, u, Target::Test).size()));
    CHECK((first >= 0 && first <= 7 && second >= 0 && second <= 7));
    rare += is_rare;
    ranks.push_back(first);
  }
  CHECK_FALSE(std::getline(lines, line));
  CHECK(metrics_from_ranks(ranks, {1, 10}).at("NDCG@10") == mean(sampled, "NDCG@10"));
  REQUIRE(sampled.parts.at(1).name == "rare");
  CHECK(sampled.parts[1].units == rare);

  // Early stopping uses the sample of the users too, so it is another training.
  other["evaluate-users"] = "20";
  CHECK(contains(message_of([&] { run_stages(other, "evaluate", "evaluate"); }),
                 "evaluate-users=0, now evaluate-users=20"));
  run_stages(other, "train", "evaluate");
  CHECK(ResultsFile("out").read().results->parts.at(0).units == 20);
}

TEST_CASE("recommend lists items with titles, the best first, without the user's items") {
  const WorkingFolder here;
  const Interactions data = small_data();
  write_data(data);
  run_all(small_options());
  std::ostringstream out;
  recommend_from("out", {.users = {data.user_ids[0]}, .top = 5}, out);
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
                   recommend_from("out", {.users = {"nobody"}}, nothing);
                 }),
                 "nobody"));
}

TEST_CASE("every model can use the enhanced embeddings in every way") {
  const WorkingFolder here;
  write_data(small_data());
  Options o = small_options();
  o["seeds"] = "1";
  o["starts"] = "random,p2rec_shuffled,teacher,groups";
  run_stages(o, "pretrain", "augment");
  const std::string teacher = nn::read_file("out/teacher.safetensors", "artefact");
  for (const char* model : {"sasrec", "gru4rec", "bert4rec"}) {
    for (const char* use : {"start", "frozen", "concat"}) {
      CAPTURE(model);
      CAPTURE(use);
      o["teacher.inner"] = "8";  // the other models do not have this option
      o["model"] = model;
      o.erase("inner");
      o["use"] = use;
      o["overwrite"] = "true";
      run_stages(o, "train", "evaluate");
      std::ostringstream text;
      recommend_from("out", {.items = {"3", "5"}, .top = 4, .start = "teacher"}, text);
      const std::string lines = text.str();
      CHECK(std::count(lines.begin(), lines.end(), '\n') == 4);
    }
  }
  CHECK(nn::read_file("out/teacher.safetensors", "artefact") == teacher);
}
