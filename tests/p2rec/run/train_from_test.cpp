// Recommenders that use another run's embeddings (RunConfig::from).
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

TEST_CASE("training from another run's embeddings needs no equal options") {
  const WorkingFolder here;
  write_data(small_data());
  Options o = small_options();
  o["seeds"] = "1";
  o["starts"] = "random,p2rec,teacher,groups";
  run_stages(o, "pretrain", "train");
  const auto before = artefacts("out");
  const auto train = [](const Options& options) {
    return message_of([&] { run_stages(options, "train", "evaluate"); });
  };
  Options other = o;
  other["out"] = "other";
  other["from"] = "out";
  CHECK(train(other) == "no error");
  for (const std::string start :
       {"random", "p2rec", "teacher", "groups"}) {  // the same options give the same training
    const std::string file = "recommender-" + start + "-1.safetensors";
    const auto expected = nn::read_safetensors("out/" + file).tensors,
               found = nn::read_safetensors("other/" + file).tensors;
    REQUIRE(expected.size() == found.size());
    for (size_t i = 0; i < expected.size(); ++i) {
      CHECK(found[i].first == expected[i].first);
      CHECK(found[i].second.values() == expected[i].second.values());
    }
  }

  Options different = other;
  different["model"] = "bert4rec";
  different["variant"] = "plain";
  different["teacher.inner"] = "8";  // the other model has no such option
  different["dropout"] = "0.4";
  different["patience"] = "0";
  different["out"] = "different";
  CHECK(train(different) == "no error");
  Options at_home = different;  // in the run's own folder these options mean another teacher
  at_home["out"] = "out";
  at_home.erase("from");
  at_home["resume"] = "true";
  const std::string refused = train(at_home);
  CAPTURE(refused);
  CHECK(contains(refused, "the stage 'pretrain' was run with teacher.dropout=0.2, now teacher.dropout=0.4"));
  check_same(before, artefacts("out"));

  Options wide = different;
  wide["out"] = "wide";
  wide["hidden"] = "4";
  CHECK(contains(train(wide), "starts: the teacher's item table has 8 columns, but hidden is 4"));
  CHECK_FALSE(std::filesystem::exists("wide"));
  wide["starts"] = "random,p2rec,groups";
  CHECK(train(wide) == "no error");

  // The other run is made again, so training from it would now give something else.
  o["overwrite"] = "true";
  o["dropout"] = "0.3";
  run_stages(o, "pretrain", "augment");
  other["resume"] = "true";
  CHECK(contains(train(other),
                 "the stage 'train' was run with from.teacher.dropout=0.2, now from.teacher.dropout=0.3"));
}

TEST_CASE("a run's own teacher: the options say its size, not the file that --overwrite removes") {
  const WorkingFolder here;
  write_data(small_data());
  Options o = small_options();
  run_stages(o, "pretrain", "pretrain");
  o["overwrite"] = "true";
  o["hidden"] = "4";
  CHECK(message_of([&] { run_stages(o); }) == "no error");
  o["teacher.hidden"] = "8";
  CHECK(contains(message_of([&] { run_stages(o); }),
                 "starts: the teacher's item table has 8 columns, but hidden is 4"));
}

TEST_CASE("folders that cannot be used for training") {
  const WorkingFolder here;
  write_data(small_data());
  Options o = small_options();
  run_stages(o, "pretrain", "groups");
  const auto train = [&](const std::string& from, const std::string& start,
                         const std::string& first = "train") {
    Options other = o;
    other["out"] = "other";
    other["from"] = from;
    other["starts"] = "random," + start;
    return message_of([&] { run_stages(other, first, "train"); });
  };
  CHECK(contains(train("nowhere", "teacher"), "from: nowhere is not a folder"));
  CHECK(contains(train("out", "p2rec"), "out: the stage 'augment' has not been run here"));
  CHECK(contains(message_of([&] {
                   Options other = o;
                   other["out"] = "other";
                   other["from"] = "out";
                   run_stages(other, "groups", "groups");
                 }),
                 "from: found out for the stage 'groups'"));
  CHECK_FALSE(std::filesystem::exists("other"));
  Options itself = o;
  itself["from"] = "./out";
  itself["starts"] = "teacher";
  CHECK(contains(message_of([&] { run_stages(itself, "train", "train"); }),
                 "from: ./out is the run's own folder"));
  write_data(p2rec::make_synthetic({.users = 50, .items = 40, .groups = 4, .mean_length = 12, .seed = 3}));
  CHECK(contains(train("out", "teacher"), "from: out was made from other data than data.txt"));
}
