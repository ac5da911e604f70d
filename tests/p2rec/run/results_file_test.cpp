// results.json can be read again, a stage's part is removed with the stage, and other files are refused.
#include "p2rec/run/results_file.h"

#include <cmath>
#include <fstream>

#include "nn/io/json.h"
#include "tests/testing.h"

using namespace p2rec;

namespace {

Summary small_summary() {
  Results results;
  results.about = "About \"it\"";
  results.arm = "start";
  results.unit = "user";
  results.measures = {"HR@10", "NDCG@10"};
  results.headline = {"NDCG@10"};
  results.facts = {"epochs"};
  results.baseline = "random";
  results.arms = {{"random", "no knowledge"}, {"ours", "", true}};
  results.splits = {{"rare", "seldom seen", {1, 2}}};
  results.rows = {{"random", 1, {11}, {{0, 0, 1}, {0, 0, 0.5}}},
                  {"ours", 1, {12}, {{1, 0, 1}, {1, 0, 0.25}}}};
  return summarise(results);
}

}  // namespace

TEST_CASE("results file: read again, it holds what was written") {
  const testing::TemporaryFolder folder;
  const ResultsFile file(folder.path());
  CHECK_FALSE(file.read().results);
  file.set_data({4, 3, 12000, {0, 1, 3}, {3}});
  file.set_stage({"train", 100, NAN, 5});
  file.set_section("train", {{"found", {1, 2}}});
  file.set_stage({"train", 300, 2048, 7});
  const Summary written = small_summary();
  file.set_results("evaluate", written);
  const RunResults run = file.read();
  REQUIRE(run.data);
  CHECK(run.data->interactions == 12000);
  CHECK(run.data->lengths == std::vector<int64_t>{0, 1, 3});
  CHECK(run.data->popularity == std::vector<int64_t>{3});
  REQUIRE(run.stages.size() == 1);
  CHECK(run.stages[0].peak_rss_mib == 2048);
  CHECK(run.stages[0].tokens == 7);
  CHECK(file.seconds_of("train") == 300);
  CHECK(file.seconds_of("other") == 0);
  CHECK(run.sections.at("train") == R"({"found":[1,2]})");
  CHECK(run.evaluated_by == "evaluate");
  REQUIRE(run.results);
  const Summary& read = *run.results;
  CHECK(read.about == written.about);
  CHECK(read.arm == "start");
  CHECK(read.unit == "user");
  CHECK(read.measures == written.measures);
  CHECK(read.headline == written.headline);
  CHECK(read.facts == written.facts);
  CHECK(read.baseline == "random");
  REQUIRE(read.parts.size() == 2);
  CHECK(read.parts[1].meaning == "seldom seen");
  CHECK(read.parts[1].units == 2);
  REQUIRE(read.arms.size() == 2);
  CHECK(read.arms[0].meaning == "no knowledge");
  CHECK(read.arms[0].differences.empty());
  const ArmSummary &ours = read.arms[1], &before = written.arms[1];
  CHECK(ours.is_the_method);
  CHECK(ours.facts == before.facts);
  CHECK(ours.metrics.at(1).at(1).mean == before.metrics[1][1].mean);
  CHECK(ours.differences.at(0).at(1).low == before.differences[0][1].low);
  CHECK(std::isnan(ours.differences[0][1].resolvable));  // infinite: null in the file
  CHECK(ours.seeds.at(0).seed == 1);
  CHECK(ours.seeds[0].means == before.seeds[0].means);
  CHECK(summary_table(read) == summary_table(written));
}

TEST_CASE("results file: counts are binned by powers of two, and an item's are those of the training parts") {
  Interactions data;
  data.user_ids = {"1", "2", "3"};
  data.item_ids = {"a", "b", "c"};
  data.sequences = {{0, 0, 0, 0, 1, 1}, {0}, {0, 1, 2}};
  const DataCounts counts = counts_of(data);
  CHECK(counts.interactions == 10);
  CHECK(counts.lengths == std::vector<int64_t>{0, 1, 1, 1});     // 1; 3; 6
  CHECK(counts.popularity == std::vector<int64_t>{2, 0, 0, 1});  // a 6 times, the others only as targets
}

TEST_CASE("results file: a stage's part is removed with the stage") {
  const testing::TemporaryFolder folder;
  const ResultsFile file(folder.path());
  for (const char* stage : {"groups", "evaluate"}) {
    file.set_stage({stage, 1, 2, 3});
    file.set_section(stage, {1});
  }
  file.set_results("evaluate", small_summary());
  file.remove({"groups"});
  CHECK(file.read().results);
  CHECK(file.read().stages.size() == 1);
  CHECK_FALSE(file.read().sections.contains("groups"));
  file.remove({"evaluate", "unknown"});
  CHECK_FALSE(file.read().results);
  CHECK(file.read().stages.empty());
  CHECK(file.read().sections.empty());
}

TEST_CASE("results file: other files are refused by name") {
  const testing::TemporaryFolder folder;
  const ResultsFile file(folder.path());
  const nn::Path path = folder.path() / "results.json";
  const auto refused = [&](const std::string& content) {
    CAPTURE(content);
    std::ofstream(path, std::ios::binary) << content;
    CHECK_THROWS_WITH_AS(file.read(), doctest::Contains(path.string().c_str()), ag::InputError);
  };
  for (const char* content :
       {"", "garbage", "[]", "null", R"({"data": {"users": 3}})", R"({"data": {"users": 1.5}})",
        R"({"data": 7})", R"({"stages": [3]})", R"({"stages": [{"name": "groups", "seconds": 1}]})",
        R"({"results": {}})", R"({"data": {"users": 1e999}})", "{\"data\": \"\xff\"}"})
    refused(content);
  // An arm lacks a measure, a part or a fact.
  std::filesystem::remove(path);
  file.set_results("evaluate", small_summary());
  const std::string good = nn::read_file(path, "results");
  for (const char* gone :
       {"\"HR@10\": ", "\"rare\": ", "\"epochs\": ", "\"headline\"", "\"parts\"", "\"stage\""}) {
    std::string content = good;
    const size_t at = content.rfind(gone);
    REQUIRE(at != std::string::npos);
    refused(content.replace(at + 1, 2, "??"));
  }
  refused(std::string(good).replace(good.rfind("\"NDCG@10\"\n"), 9, "\"other\""));
}
