// Tempura: its prompts in full, clusters and aggregation with known answers, and a whole run.
#include "p2rec/methods/tempura/tempura.h"

#include <algorithm>
#include <cmath>

#include "nn/io/json.h"
#include "p2rec/data/load_data.h"
#include "p2rec/llm/candidate_scoring.h"
#include "p2rec/methods/tempura/aggregation.h"
#include "p2rec/methods/tempura/temporal_clusters.h"
#include "p2rec/run/results_file.h"
#include "tests/p2rec/cli/shell.h"
#include "tests/p2rec/run/small_run.h"

using namespace p2rec;
using ag::Tensor;
using testing::contains;

namespace {

// Six items in the plane, in two directions; user 0 has five of them, the last two held out.
Interactions three_users() {
  Interactions data;
  data.user_ids = {"1", "2", "3"};
  data.item_ids = {"10", "11", "12", "13", "14", "15"};
  data.titles = {"Kolya", "Heat", "Alien", "Twister", "", "Fargo"};
  data.sequences = {{0, 1, 2, 3, 5}, {2, 4, 0, 1, 5, 3}, {4, 5, 3, 2, 1}};
  return data;
}
Tensor directions() { return Tensor::from({6, 2}, {1, 0, 3, 0, 0, 1, 0, 2, 1, 1, 1, 0}); }

UserStory story_of_first(const TempuraPromptConfig& config) {
  const Interactions data = three_users();
  return user_story(data, 0, target_history(data, 0, Target::Test), directions(), config);
}

std::string text_of(const std::string& name) {
  const auto prompt = std::ranges::find(tempura_prompts(), name, &TempuraPrompt::name);
  REQUIRE(prompt != tempura_prompts().end());
  return tempura_text(*prompt, story_of_first({}), std::vector<int32_t>{4, 5}, three_users());
}

std::vector<std::vector<double>> rows(const Tensor& x) {
  std::vector<std::vector<double>> result;
  for (int64_t i = 0; i < x.dim(0); ++i)
    result.emplace_back(x.data() + i * x.dim(1), x.data() + (i + 1) * x.dim(1));
  return result;
}

testing::Options small_tempura() {
  return {{"method", "tempura"},
          {"data", "data.txt"},
          {"out", "out"},
          {"seeds", "1"},
          {"quiet", "true"},
          {"tiny-steps", "4"},
          {"candidates", "15"},
          {"evaluate-users", "4"},
          {"history", "4"},
          {"teacher.hidden", "8"},
          {"teacher.inner", "8"},
          {"teacher.max-length", "8"},
          {"teacher.max-epochs", "3"}};
}

}  // namespace

TEST_CASE("tempura: each prompt in full") {
  CHECK(text_of("plain") ==
        "The user's items in the order of time, the latest one last: Kolya; Heat; Alien; Twister.\n"
        "The next item is one of: 14; Fargo.\n"
        "The next item is:");
  CHECK(text_of("proximal") ==
        "First the user chose Kolya; Heat. The next item was Alien.\n"
        "First the user chose Kolya; Heat; Alien. The next item was Twister.\n"
        "The user's items in the order of time, the latest one last: Kolya; Heat; Alien; Twister.\n"
        "The next item is one of: 14; Fargo.\n"
        "The next item is:");
  CHECK(text_of("global") ==
        "Another user with a similar taste chose Alien; 14; Kolya. The next item was Heat.\n"
        "The user's items in the order of time, the latest one last: Kolya; Heat; Alien; Twister.\n"
        "The next item is one of: 14; Fargo.\n"
        "The next item is:");
  CHECK(text_of("clusters") ==
        "The user's items in the order of time, the latest one last:\n"
        "Period 1: Kolya.\n"
        "Period 2: Heat.\n"
        "Period 3: Alien; Twister.\n"
        "The next item is one of: 14; Fargo.\n"
        "The next item is:");
  CHECK(text_of("combined") ==
        "Another user with a similar taste chose Alien; 14; Kolya. The next item was Heat.\n"
        "First the user chose Kolya; Heat. The next item was Alien.\n"
        "First the user chose Kolya; Heat; Alien. The next item was Twister.\n"
        "The user's items in the order of time, the latest one last:\n"
        "Period 1: Kolya.\n"
        "Period 2: Heat.\n"
        "Period 3: Alien; Twister.\n"
        "The next item is one of: 14; Fargo.\n"
        "The next item is:");
}

TEST_CASE("tempura: prompts have the last items, and demonstrations end where the history does") {
  const UserStory story = story_of_first({.history = 3, .demonstrations = 5, .clusters = 1});
  CHECK(story.items == std::vector<int32_t>{1, 2, 3});
  REQUIRE(story.proximal.size() == 2);  // three items have two steps
  CHECK(story.proximal[0].history == std::vector<int32_t>{1});
  CHECK(story.proximal[0].next == 2);
  CHECK(story.proximal[1].next == 3);
  CHECK(story.clusters == std::vector<std::vector<int32_t>>{{1, 2, 3}});
}

TEST_CASE("tempura: the most similar user shares most of all items of both, by training items only") {
  const Interactions data = three_users();
  // User 1 trains on {2, 4, 0, 1}, which shares three of five items; user 2 on {4, 5, 3}, which shares one of
  // six.
  CHECK(most_similar_user(data, 0, target_history(data, 0, Target::Test)) == 1);
  CHECK(most_similar_user(data, 0, std::vector<int32_t>{5}) == 2);  // user 1's item 5 is held out
  CHECK(most_similar_user(data, 2, std::vector<int32_t>{3, 5}) == -1);
  // Both share two items; user 2 has three altogether, user 1 four.
  CHECK(most_similar_user(data, 0, std::vector<int32_t>{4, 5, 2}) == 2);
}

TEST_CASE("tempura: a shuffled story has the same items, and everything else follows their order") {
  const Interactions data = make_synthetic({.users = 30, .items = 40, .groups = 4, .mean_length = 16});
  const Tensor vectors = Tensor::full({40, 2}, 1);
  int64_t moved = 0;
  for (int64_t user = 0; user < 10; ++user) {
    if (!has_target(data, user, Target::Test)) continue;
    const Sequence history = target_history(data, user, Target::Test);
    const UserStory ordered = user_story(data, user, history, vectors, {}),
                    shuffled = shuffled_story(data, user, history, vectors, {}, 1);
    CHECK(std::ranges::is_permutation(ordered.items, shuffled.items));
    moved += ordered.items != shuffled.items;
    CHECK(shuffled.proximal.back().next == shuffled.items.back());
    std::vector<int32_t> in_clusters;
    for (const auto& period : shuffled.clusters)
      in_clusters.insert(in_clusters.end(), period.begin(), period.end());
    CHECK(in_clusters == shuffled.items);
    CHECK(shuffled_story(data, user, history, vectors, {}, 1).items == shuffled.items);
  }
  CHECK(moved >= 8);
}

TEST_CASE("temporal clusters: the best of all cuts, by length-1 vectors") {
  const int32_t n = 8;
  Tensor vectors = Tensor::empty({n, 3});
  for (int64_t i = 0; i < vectors.numel(); ++i)
    vectors.data()[i] = static_cast<ag::real>(std::sin(double(7 * i * i + 3 * i)));
  const std::vector<int32_t> items = {3, 1, 7, 0, 5, 2, 6, 4};
  const auto cost = [&](size_t begin, size_t end) {  // the definition
    double total = 0;
    for (size_t i = begin; i < end; ++i) {
      for (int64_t c = 0; c < 3; ++c) {
        const auto scaled = [&](size_t j) {
          const ag::real* row = vectors.data() + 3 * items[j];
          return row[c] /
                 std::sqrt(double(row[0]) * row[0] + double(row[1]) * row[1] + double(row[2]) * row[2]);
        };
        double mean = 0;
        for (size_t j = begin; j < end; ++j) mean += scaled(j) / double(end - begin);
        total += (scaled(i) - mean) * (scaled(i) - mean);
      }
    }
    return total;
  };
  double best = INFINITY;
  size_t first = 0, second = 0;
  for (size_t a = 1; a + 1 < n; ++a) {
    for (size_t b = a + 1; b < n; ++b) {
      const double total = cost(0, a) + cost(a, b) + cost(b, n);
      if (total < best) best = total, first = a, second = b;
    }
  }
  const auto periods = temporal_clusters(items, vectors, 3);
  REQUIRE(periods.size() == 3);
  CHECK(periods[0] == std::vector<int32_t>(items.begin(), items.begin() + ptrdiff_t(first)));
  CHECK(periods[1] ==
        std::vector<int32_t>(items.begin() + ptrdiff_t(first), items.begin() + ptrdiff_t(second)));
  CHECK(periods[2].size() == n - second);
  CHECK(temporal_clusters({4, 2}, vectors, 3) == std::vector<std::vector<int32_t>>{{4}, {2}});
}

TEST_CASE("aggregation: Borda counts and reciprocal ranks, ties in the middle of their places") {
  const Tensor a = Tensor::from({1, 4}, {9, 7, 5, 3}), b = Tensor::from({1, 4}, {1, 4, 1, 6});
  CHECK(ranks_of(b.data(), 4) == std::vector<double>{2.5, 1, 2.5, 0});
  CHECK(rows(borda({a, b})) == std::vector<std::vector<double>>{{3.5, 4, 1.5, 3}});
  const auto found = rows(reciprocal_ranks({a, b}))[0];
  const double expected[] = {1 + 1 / 3.5, 1.0 / 2 + 1.0 / 2, 1.0 / 3 + 1 / 3.5, 1.0 / 4 + 1};
  for (size_t i = 0; i < 4; ++i) CHECK(found[i] == doctest::Approx(expected[i]));
}

TEST_CASE("Kendall's tau and the share of the same best item") {
  const Tensor a = Tensor::from({3, 4}, {4, 3, 2, 1, 4, 3, 2, 1, 4, 3, 2, 1}),
               b = Tensor::from({3, 4}, {8, 6, 4, 2, 1, 2, 3, 4, 4, 2, 3, 1});
  const std::vector<double> taus = kendall_taus(a, b);
  CHECK(taus[0] == 1);
  CHECK(taus[1] == -1);
  CHECK(taus[2] == doctest::Approx(4.0 / 6));  // one pair of six is turned
  CHECK(share_of_same_best(a, b) == doctest::Approx(2.0 / 3));
}

TEST_CASE("a run of tempura: its arms, scores that are the titles', and its sections of the report") {
  const testing::WorkingFolder here;
  testing::write_data(testing::small_data());
  testing::run_stages(small_tempura());
  const RunResults run = ResultsFile("out").read();
  std::vector<std::string> arms;
  for (const ArmSummary& arm : run.results->arms) arms.push_back(arm.name);
  CHECK(arms == std::vector<std::string>{"plain", "proximal", "global", "clusters", "combined", "borda",
                                         "reciprocal_rank", "teacher", "popularity"});
  CHECK(run.results->parts[0].units == 4);

  const Interactions data = load_data("data.txt");
  const models::LanguageModel llm = models::load_language_model("out/tiny_llm.safetensors");
  const auto lists = candidate_lists(data, Target::Test, {.count = 15, .users = 4});
  const Tensor vectors = read_item_matrix("out/teacher.safetensors", "item_embedding.weight", data.items());
  const nn::TensorFile scores = nn::read_safetensors("out/scores.safetensors");
  const TitleTokens titles = title_tokens(data, *llm.tokenizer, llm.model->config().vocabulary);
  const CandidateList& list = lists[2];
  const UserStory story =
      user_story(data, list.user, target_history(data, list.user, Target::Test), vectors, {.history = 4});
  const std::string text = tempura_text(tempura_prompts()[1], story, list.items, data);
  TitleTokens candidates;
  for (const int32_t item : list.items) candidates.push_back(titles[static_cast<size_t>(item)]);
  const std::vector<double> expected = title_scores(*llm.model, llm.tokenizer->encode(text), candidates);
  for (int64_t i = 0; i < 15; ++i)
    CHECK(scores.at("proximal").data()[2 * 15 + i] == doctest::Approx(expected[static_cast<size_t>(i)]));
  CHECK(scores.at("proximal").values() != scores.at("proximal_shuffled").values());

  const auto found = nn::parse_json<nn::OrderedJson>(run.sections.at("evaluate"), "test");
  REQUIRE(found["shuffle"].size() == 7);
  CHECK(found["shuffle"][0]["arm"] == "plain");
  CHECK(std::abs(found["shuffle"][0]["tau"].get<double>()) <= 1);
  for (const ReportSection& section : tempura_report_sections()) {
    const std::string html = section.html({found, "test"});
    CHECK(contains(html, section.id == std::string("example") ? "Another user with a similar taste chose"
                                                              : "Kendall’s tau"));
  }
}

TEST_CASE("tempura refuses data without titles, and more candidates than items, before it starts") {
  const auto problem = [](const testing::Options& options) {
    return testing::message_of([&] { testing::run_stages(options); });
  };
  const testing::WorkingFolder here;
  testing::write_data(testing::small_data());
  testing::Options options = small_tempura();
  options["candidates"] = "41";
  CHECK(contains(problem(options), "candidates: found 41, but there are only 40 items"));
  std::filesystem::remove("data.item");
  CHECK(contains(problem(small_tempura()), "has no titles"));
  CHECK_FALSE(std::filesystem::exists("out"));
}
