// SELF-GUIDE: its filters against a Python script, its prompts, and what is dropped and why.
#include "p2rec/methods/self_guide/self_guide.h"

#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "p2rec/methods/self_guide/filters.h"
#include "tests/p2rec/llm/small_llm.h"
#include "tests/paths.h"
#include "tests/testing.h"

using namespace p2rec;
using Texts = std::vector<std::string>;

namespace {

nlohmann::json fixture() {
  return nlohmann::json::parse(nn::read_file(nn::Path(fixtures()) / "self_guide.json", "fixture"));
}

const std::vector<TextPair> kExamples = {
    {"The Old Joke", "Comedy"}, {"My Grave II", "Horror"}, {"A Quiet Siege", "War"}};
const std::vector<TextPair> kFilms = synthetic_films(30, 1);

std::map<std::string, int64_t> reasons(const std::vector<Generated>& all) {
  std::map<std::string, int64_t> count;
  for (const Generated& g : all) ++count[g.dropped];
  return count;
}

}  // namespace

TEST_CASE("the filters keep what a Python script keeps") {
  const auto file = fixture();
  int64_t kept = 0, dropped = 0;
  for (const auto& group : file.at("lengths")) {
    const LengthLimits limits = length_limits(group.at("examples").get<Texts>());
    CHECK(limits.low == doctest::Approx(group.at("low").get<double>()).epsilon(1e-12));
    CHECK(limits.high == doctest::Approx(group.at("high").get<double>()).epsilon(1e-12));
    for (const auto& candidate : group.at("candidates")) {
      CAPTURE(candidate[0]);
      CHECK(limits.holds(candidate[0]) == candidate[1].get<bool>());
      candidate[1].get<bool>() ? ++kept : ++dropped;
    }
  }
  CHECK(kept > 20);
  CHECK(dropped > 20);
  for (const auto& text : file.at("noise")) {
    CAPTURE(text[0]);
    CHECK(is_noise(text[0]) == text[1].get<bool>());
  }
}

TEST_CASE("consensus, labels and balance are those of a Python script") {
  const auto file = fixture();
  const auto same = [](const std::optional<std::string>& found, const nlohmann::json& expected) {
    return expected.is_null() ? !found : found == expected.get<std::string>();
  };
  for (const auto& vote : file.at("votes")) {
    CAPTURE(vote.dump());
    CHECK(same(consensus(vote[0].get<Texts>(), vote[1]), vote[2]));
  }
  for (const auto& output : file.at("outputs")) {
    CAPTURE(output.dump());
    CHECK(same(label_in(output[0], file.at("labels").get<Texts>()), output[1]));
  }
  for (const auto& labels : file.at("balance")) {
    CAPTURE(labels.dump());
    CHECK(balanced(labels[0].get<Texts>()) == labels[1].get<std::vector<bool>>());
  }
}

TEST_CASE("a prompt for an input: earlier inputs, the examples, the label that is asked for") {
  CHECK(input_prompt({.instruction = "Name."}, {{"b", "B"}}, {{"a", "A"}}, "C") ==
        "Write a new input for the task.\nTask: Name.\n\nOutput: A\nInput: a\n\nOutput: B\nInput: b\n\n"
        "Output: C\nInput:");
}

TEST_CASE("inputs: each filter drops what it should, and can be switched off") {
  const models::LanguageModel llm = testing::small_llm();  // untrained, so it writes random bytes
  const InstructionTask task = genre_task(kFilms);
  SelfGuideOptions options{.rounds = 3, .inputs_per_round = 20};
  const auto write = [&](const SelfGuideOptions& with) {
    TextGenerator generate(llm, 60);
    return write_inputs(task, kExamples, with, 1, generate);
  };
  const std::vector<Generated> all = write(options);
  REQUIRE(all.size() == 60);
  const LengthLimits limits = length_limits({"The Old Joke", "My Grave II", "A Quiet Siege"});
  std::set<std::string> asked;
  for (const Generated& g : all) {
    asked.insert(g.from);
    CHECK((g.dropped == "length") == (!g.text.input.empty() && !limits.holds(g.text.input)));
  }
  CHECK(asked.size() == task.labels.size());
  CHECK(reasons(all)["length"] > 0);
  options.filter_length = false;
  const auto longer = write(options);
  CHECK(reasons(longer)["length"] == 0);
  CHECK(kept(longer).size() > kept(all).size());
}

TEST_CASE("outputs: noise, consensus, labels and balance drop inputs, and each can be switched off") {
  const models::LanguageModel llm = testing::small_llm();
  const InstructionTask task = genre_task(kFilms);
  const auto written = [&](SelfGuideOptions options) {
    std::vector<Generated> all;
    for (int i = 0; i < 12; ++i)
      all.push_back({{"film " + std::to_string(i), ""}, "War", 1, i == 3 ? "length" : ""});
    options.outputs_per_input = 2;
    CHECK(outputs_of(all, options) == 22);
    TextGenerator generate(llm, 22);
    write_outputs(task, kExamples, options, 1, generate, all);
    CHECK(all[3].dropped == "length");
    CHECK(all[3].text.output.empty());
    return all;
  };
  // An untrained model's two answers differ, and hold no label.
  const auto strict = reasons(written({.consensus_share = 0.6}));
  CHECK(strict.at("no consensus") + (strict.contains("no label") ? strict.at("no label") : 0) +
            (strict.contains("no output") ? strict.at("no output") : 0) ==
        11);
  const auto agreed = reasons(written({.consensus_share = 0.6, .filter_consensus = false}));
  CHECK_FALSE(agreed.contains("no consensus"));
  CHECK(agreed.at("no label") > 0);
  const auto free = written({.filter_consensus = false, .filter_labels = false, .balance = false});
  CHECK_FALSE(reasons(free).contains("no label"));
  CHECK(kept(free).size() >= 9);
  std::map<std::string, int64_t> labels;  // all different, so balance keeps one of each
  const auto balanced = written({.filter_consensus = false, .filter_labels = false});
  for (const TextPair& text : kept(balanced)) ++labels[text.output];
  for (const auto& [label, n] : labels) CHECK(n == 1);
}

TEST_CASE("films: a table with a header, MovieLens' movies.dat, only one genre each, each title once") {
  const testing::TemporaryFolder folder;
  const auto films = [&](const std::string& content) {
    nn::write_atomically(folder / "films", content);
    return read_films(folder / "films");
  };
  const std::vector<TextPair> expected = {{"Heat", "Action"}, {"Alien, the", "Sci-Fi"}};
  CHECK(films("item_id:token\tmovie_title:token_seq\tgenre:token_seq\n1\tHeat\tAction\n2\tUp\tComedy Drama\n"
              "3\tAlien, the\tSci-Fi\n4\tHeat\tDrama\n5\tNone\t\n") == expected);
  CHECK(films("movieId,title,genres\n1,Heat,Action\n2,Up,Comedy|Drama\n3,\"Alien, the\",Sci-Fi\n") ==
        expected);
  CHECK(films("1::Heat::Action\n2::Up::Comedy|Drama\n3::Alien, the::Sci-Fi\n") == expected);
  CHECK_THROWS_WITH_AS(films("item_id:token\tname:token\n1\ta\n"), doctest::Contains("no column has title"),
                       ag::InputError);
  CHECK_THROWS_WITH_AS(films("1 2 3\n"), doctest::Contains("item::title::genres"), ag::InputError);
  CHECK_THROWS_WITH_AS(films("movieId,title,genres\n1,Up,A|B\n"), doctest::Contains("exactly one genre"),
                       ag::InputError);
}

TEST_CASE("synthetic films are different, and their genres are equally frequent") {
  std::set<std::string> titles;
  std::map<std::string, int64_t> genres;
  for (const TextPair& film : synthetic_films(1000, 1)) titles.insert(film.input), ++genres[film.output];
  CHECK(titles.size() == 1000);
  CHECK(genres.size() == 5);
  for (const auto& [genre, n] : genres) CHECK(n > 150);
  CHECK(genre_task(kFilms).instruction == "Name the genre of the film: Comedy, Crime, Horror, War, Western.");
}
