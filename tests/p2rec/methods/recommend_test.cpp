// Recommendations for one, several and all users, and for a history, as a
// table, tab-separated values and JSON lines.
#include "p2rec/methods/common/recommend.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "p2rec/methods/p2rec/p2rec.h"
#include "p2rec/methods/settings.h"
#include "tests/p2rec/cli/shell.h"
#include "tests/p2rec/run/small_run.h"

using namespace p2rec;
using testing::contains;
using testing::message_of;
using Json = nlohmann::json;

namespace {

// A run on the small data in the current folder, with one recommender after very little training.
void train_small() {
  testing::write_data(testing::small_data());
  testing::Options o = testing::small_options();
  for (const char* unused : {"groups", "history", "lora-rank", "sft-epochs", "tiny-steps"}) o.erase(unused);
  o["starts"] = "random";
  o["seeds"] = "1";
  testing::run_stages(o, "train", "train");
}

std::string recommended(const RecommendRequest& request) {
  const auto settings = settings_of_run("out");
  const auto& config = dynamic_cast<const P2RecConfig&>(*settings->config);
  std::ostringstream out;
  recommend(request, {"out", settings->run, config.recommender, config.inits, "p2rec"}, out);
  return out.str();
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::string refusal(const RecommendRequest& request) {
  return message_of([&] { recommended(request); });
}

}  // namespace

TEST_CASE("recommend: several users at once get the same as each single user") {
  const testing::WorkingFolder here;
  train_small();
  const Interactions data = testing::small_data();
  const std::vector<std::string> users = {data.user_ids[7], data.user_ids[2], data.user_ids[31]};
  std::string expected;
  for (const std::string& user : users) {
    const std::string alone = recommended({.users = {user}, .top = 4});
    CHECK(lines_of(alone).size() == 4);
    expected += "user " + user + "\n" + alone;
  }
  CHECK(recommended({.users = users, .top = 4}) == expected);
  CHECK(refusal({.users = {users[0], "nobody"}}) ==
        "users: there is no user 'nobody'; hint: ids are written as in the data, for example '" +
            data.user_ids[0] + "'");
  CHECK(contains(refusal({}), "users: found none"));
  CHECK(contains(refusal({.items = {"nothing"}}), "items: there is no item 'nothing'"));
}

TEST_CASE("recommend: a file without an architecture, or with another one, is refused") {
  const testing::WorkingFolder here;
  train_small();
  const nn::Path file = "out/recommender-random-1.safetensors";
  const nn::TensorFile trained = nn::read_safetensors(file);
  const std::string right = trained.metadata.at("architecture");
  CHECK(contains(right, R"({"model":"sasrec","items":40,"max_length":8,"hidden":8,)"));
  const auto refusal_with = [&](const std::optional<std::string>& architecture) {
    nn::Metadata metadata = trained.metadata;
    metadata.erase("architecture");
    if (architecture) metadata["architecture"] = *architecture;
    nn::write_safetensors(file, trained.tensors, metadata);
    return refusal({.all_users = true});
  };
  CHECK(refusal_with(right) == "no error");
  CHECK(refusal_with(std::nullopt) ==
        file.string() +
            ": its metadata has no 'architecture'; hint: another version of p2rec wrote it; "
            "start over with --overwrite");
  std::string other = right;  // of a model with the same parameters
  other.replace(other.find("right_aligned"), std::string("right_aligned").size(), "from_zero");
  CHECK(refusal_with(other) == file.string() + ": holds the recommender " + other + "; expected " + right +
                                   "; hint: is the file of another run?");
}

TEST_CASE(
    "recommend: the formats hold the same ids, scores and titles, for all users in the order of the data") {
  const testing::WorkingFolder here;
  train_small();
  const Interactions data = testing::small_data();
  const auto json = lines_of(recommended({.all_users = true, .top = 3, .format = ListFormat::Json}));
  const auto tsv = lines_of(recommended({.all_users = true, .top = 3, .format = ListFormat::Tsv}));
  REQUIRE(json.size() == data.user_ids.size());
  REQUIRE(tsv.size() == 1 + 3 * data.user_ids.size());
  CHECK(tsv[0] == "user_id\trank\titem_id\tscore\ttitle");
  for (size_t u = 0; u < json.size(); ++u) {
    const Json line = Json::parse(json[u]);
    CHECK(line.at("user") == data.user_ids[u]);
    REQUIRE(line.at("items").size() == 3);
    for (size_t i = 0; i < 3; ++i) {
      const Json& item = line["items"][i];
      const auto index =
          std::ranges::find(data.item_ids, item.at("item").get<std::string>()) - data.item_ids.begin();
      CHECK(item.at("title") == data.titles.at(static_cast<size_t>(index)));
      CHECK(std::ranges::count(data.sequences[u], static_cast<int32_t>(index)) == 0);
      CHECK(tsv[1 + 3 * u + i] ==
            data.user_ids[u] + "\t" + std::to_string(i + 1) + "\t" + item["item"].get<std::string>() + "\t" +
                fmt::format("{}", item["score"].get<double>()) + "\t" + item["title"].get<std::string>());
      if (i > 0) CHECK(item["score"] <= line["items"][i - 1]["score"]);
    }
  }
}

TEST_CASE("recommend: a history gives the same as its user, without a user id") {
  const testing::WorkingFolder here;
  train_small();
  const Interactions data = testing::small_data();
  RecommendRequest history{.top = 5, .format = ListFormat::Json};
  for (const int32_t item : data.sequences[4])
    history.items.push_back(data.item_ids[static_cast<size_t>(item)]);
  const Json found = Json::parse(recommended(history)),
             expected = Json::parse(
                 recommended({.users = {data.user_ids[4]}, .top = 5, .format = ListFormat::Json}));
  CHECK(found.at("user").is_null());
  CHECK(found.at("items") == expected.at("items"));
  history.format = ListFormat::Tsv;
  CHECK(lines_of(recommended(history)).at(1).starts_with("\t1\t"));
}

TEST_CASE("recommend: ids and titles may contain commas and quotes") {
  const testing::WorkingFolder here;
  std::ofstream file("data.inter");
  file << "user_id:token\titem_id:token\ttimestamp:float\n";
  for (int user = 0; user < 6; ++user) {
    for (int i = 0; i < 4; ++i) file << user << "\tx," << (user + i) % 6 << "\t" << i << "\n";
  }
  file.close();
  std::ofstream("data.item") << "item_id:token\ttitle:token_seq\nx,5\tOne, \"two\"\n";
  testing::run_stages({{"data", "data.inter"}, {"out", "out"}, {"quiet", "true"}, {"model", "popularity"}},
                      "train", "train");
  const std::vector<std::string> items = {"x,0", "x,1", "x,2", "x,3", "x,4"};
  const Json found = Json::parse(recommended({.items = items, .format = ListFormat::Json}));
  REQUIRE(found.at("items").size() == 1);
  CHECK(found["items"][0].at("item") == "x,5");
  CHECK(found["items"][0].at("title") == "One, \"two\"");
  const std::string tsv = lines_of(recommended({.items = items, .format = ListFormat::Tsv})).at(1);
  CHECK(tsv.starts_with("\t1\tx,5\t"));
  CHECK(tsv.ends_with("\tOne, \"two\""));
}
