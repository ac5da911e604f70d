// DARec: the mask's pattern, the vectors' places, adapters, the Gaussian process against scikit-learn, the
// search on functions with a known optimum, and a whole run.
#include "p2rec/methods/darec/darec.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <sstream>

#include "autograd/ops.h"
#include "models/tokenizers/byte_tokenizer.h"
#include "nn/io/json.h"
#include "nn/lora.h"
#include "p2rec/data/load_data.h"
#include "p2rec/llm/embed.h"
#include "p2rec/methods/darec/gaussian_process.h"
#include "p2rec/run/results_file.h"
#include "p2rec/run/run_folder.h"
#include "tests/models/llama/small_shapes.h"
#include "tests/p2rec/cli/shell.h"
#include "tests/p2rec/run/small_run.h"

using namespace p2rec;
using ag::Tensor;
using testing::check_close;
using testing::contains;
namespace tolerance = testing::tolerance;

namespace {

struct RandomLlama : models::Llama {
  explicit RandomLlama(int64_t layers) : Llama(testing::byte_config(layers)) {
    models::initialise(*this, 0.3, 1);
    requires_grad(false);
  }
};

Interactions four_items() {
  Interactions data;
  data.item_ids = {"10", "11", "12", "13"};
  data.titles = {"Kolya", "Heat", "Ran", "Big"};
  return data;
}

// A model with random weights, four items, and 3 numbers for each item.
struct Small {
  Interactions data = four_items();
  models::ByteTokenizer tokenizer;
  RandomLlama llm;
  Tensor vectors = drawn({4, 3}, "test vectors", 1);
  DarecModel model;

  explicit Small(int64_t layers) : llm(layers), model(llm, tokenizer, data, vectors, {}) {}
  Tensor scores(const std::vector<int32_t>& history) const { return model.scores({history}, {0, 1, 2, 3}); }
  // The scores of a state (1,C).
  Tensor scores_of(const Tensor& state) const {
    const Tensor titles = title_vectors(llm, title_tokens(data, tokenizer, tokenizer.vocabulary()));
    return ag::candidate_scores(state, titles, Tensor::from_ints({1, 4}, {0, 1, 2, 3}));
  }
};

// Makes a layer add nothing to its input.
void switch_off(models::Llama& llm, int64_t layer) {
  const std::string name_part = "layers." + std::to_string(layer) + ".";
  for (const auto& [name, w] : llm.named_parameters()) {
    const bool adds = name.ends_with("o_proj.weight") || name.ends_with("down_proj.weight");
    if (adds && name.find(name_part) != name.npos) Tensor(w).fill(0);
  }
}

// With this seed and learning rate the two searches end with different adapters.
testing::Options small_darec() {
  return {{"method", "darec"},    {"data", "data.txt"},        {"out", "out"},
          {"seeds", "2"},         {"quiet", "true"},           {"tiny-steps", "4"},
          {"candidates", "8"},    {"evaluate-users", "12"},    {"train-users", "10"},
          {"history", "3"},       {"search-trials", "3"},      {"random-trials", "1"},
          {"adapt-lr", "0.1"},    {"adapt-epochs", "2"},       {"teacher.hidden", "8"},
          {"teacher.inner", "8"}, {"teacher.max-length", "8"}, {"teacher.max-epochs", "3"}};
}

}  // namespace

TEST_CASE("darec: a prompt's blocks are its beginning, each item with its semicolon, and its end") {
  const Interactions data = four_items();
  const models::ByteTokenizer tokenizer;
  const DarecPrompts prompts(data, tokenizer, tokenizer.vocabulary(), 2);
  const DarecPrompt prompt = prompts.of(std::vector<int32_t>{2, 0});
  CHECK(tokenizer.decode(prompt.ids) == "History: Ran; Kolya;\nThe next item is:");
  CHECK(prompt.blocks == std::vector<int32_t>{8, 5, 7, 18});
  CHECK(prompt.items == std::vector<int32_t>{2, 0});
  CHECK(prompts.of(std::vector<int32_t>{1, 2, 0}).ids == prompt.ids);
  CHECK(darec_text(data, std::vector<int32_t>{1, 2, 0}, 2) == "History: Ran; Kolya;\nThe next item is:");
}

TEST_CASE("Llama: the block mask's pattern, token by token") {
  // The last layer adds nothing, so the last state of the first t + 1 tokens is that of the masked layers.
  RandomLlama llm(3);
  switch_off(llm, 2);
  const std::vector<int32_t> ids = {72, 105, 33, 65, 66, 67, 68, 69}, block_of = {0, 0, 1, 1, 1, 2, 3, 3};
  for (int64_t t = 0; t < 8; ++t) {
    const std::vector<int32_t> first(ids.begin(), ids.begin() + t + 1);
    std::vector<int32_t> lengths(static_cast<size_t>(block_of[static_cast<size_t>(t)] + 1), 0);
    for (int64_t s = 0; s <= t; ++s) ++lengths[static_cast<size_t>(block_of[static_cast<size_t>(s)])];
    const nn::Packed x = nn::pack({first});
    Tensor embedded = llm.embed(x.ids).clone().set_requires_grad();
    ag::backward(ag::sum(llm.last_states(embedded, x, models::BlockMask{ag::Offsets(lengths), 2})));
    const int64_t C = embedded.dim(1);
    for (int64_t s = 0; s <= t; ++s) {
      CAPTURE(t);
      CAPTURE(s);
      double size = 0;
      for (int64_t c = 0; c < C; ++c) size += std::abs(double(embedded.grad().data()[s * C + c]));
      CHECK((size > 0) == (block_of[static_cast<size_t>(s)] == block_of[static_cast<size_t>(t)]));
    }
  }
}

TEST_CASE("Llama: masked layers compute each block as if it were a sequence of its own") {
  RandomLlama llm(3);
  const ag::NoGrad no_grad;
  const nn::Packed whole = nn::pack({{72, 105, 33, 65, 66, 67, 68}});
  const Tensor embedded = llm.embed(whole.ids);
  const auto last = [&](const models::BlockMask& mask) { return llm.last_states(embedded, whole, mask); };
  // One block is no mask, nor are blocks in no layer.
  const Tensor plain = llm.last_states(embedded, whole);
  check_close(last({ag::Offsets({7}), 2}), plain, tolerance::kFused, "one block");
  check_close(last({ag::Offsets({3, 4}), 0}), plain, tolerance::kFused, "no layer");
  CHECK(last({ag::Offsets({3, 4}), 1}).values() != plain.values());
  // A model whose later layers add nothing shows the masked layers' states: those of the block by itself,
  // with its positions in the whole.
  switch_off(llm, 2);
  nn::Packed block = nn::pack({{65, 66, 67, 68}});
  for (int64_t i = 0; i < 4; ++i) block.positions.ints()[i] += 3;
  check_close(last({ag::Offsets({3, 4}), 2}), llm.last_states(llm.embed(block.ids), block), tolerance::kFused,
              "a block by itself");
  CHECK_THROWS_AS(last({ag::Offsets({3, 4}), 3}), ag::Error);
  CHECK_THROWS_AS(last({ag::Offsets({3, 3}), 1}), ag::Error);
}

TEST_CASE("darec: the mask acts in the layers of the first group, on the prompt's blocks") {
  // Of 8 layers, the first of 6 groups has two; of 2 layers, the first of 2 has one.
  for (const auto& [layers, masked] : {std::pair<int64_t, int64_t>{8, 2}, {2, 1}}) {
    const auto& shown = layers;
    CAPTURE(shown);
    Small s(layers);
    const ag::NoGrad no_grad;
    s.model.begin({Point(static_cast<size_t>(s.model.groups()), 0), true, false}, 1);
    const nn::Packed x = nn::pack(
        {DarecPrompts(s.data, s.tokenizer, s.tokenizer.vocabulary(), 10).of(std::vector<int32_t>{2, 0}).ids});
    const Tensor embedded = s.llm.embed(x.ids);
    const models::BlockMask mask{ag::Offsets({8, 5, 7, 18}), masked};
    const Tensor found = s.scores({2, 0}), expected = s.scores_of(s.llm.last_states(embedded, x, mask)),
                 unmasked = s.scores_of(s.llm.last_states(embedded, x));
    check_close(found, expected, tolerance::kFused, "masked");
    CHECK(testing::share_of_tolerance(unmasked, expected, tolerance::kFused) > 1);
    s.model.begin({Point(static_cast<size_t>(s.model.groups()), 0), false, false}, 1);
    check_close(s.scores({2, 0}), unmasked, tolerance::kFused, "mask switched off");
  }
}

TEST_CASE("darec: a vector is added at its item's last token, and nowhere else") {
  Small s(2);
  const DarecVariant only_vectors{{0, 0}, false, true};
  const std::vector<int32_t> history = {2, 0};
  s.model.begin(only_vectors, 1);
  const Tensor before = s.scores(history);
  s.model.begin({{0, 0}, false, false}, 1);
  CHECK(s.model.trained().empty());
  check_close(before, s.scores(history), tolerance::kFused, "W = 0 adds nothing");

  s.model.begin(only_vectors, 1);
  Tensor W = s.model.trained().back().second;
  CHECK(s.model.trained().back().first == "collaborative.weight");
  const int64_t C = s.llm.config().hidden;
  REQUIRE(W.shape() == ag::Shape{C, 3});
  W.copy_from(drawn({C, 3}, "W", 1));
  const ag::NoGrad no_grad;
  const Tensor vectors = ag::scale(standardised(s.vectors), token_rms(s.llm));
  const nn::Packed x =
      nn::pack({DarecPrompts(s.data, s.tokenizer, s.tokenizer.vocabulary(), 10).of(history).ids});
  Tensor embedded = s.llm.embed(x.ids).clone();
  const std::pair<int64_t, int64_t> places[] = {{8 + 5 - 1, 2}, {8 + 5 + 7 - 1, 0}};  // token, item
  for (const auto& [token, item] : places) {
    for (int64_t c = 0; c < C; ++c) {
      for (int64_t j = 0; j < 3; ++j)
        embedded.data()[token * C + c] += W.data()[c * 3 + j] * vectors.data()[item * 3 + j];
    }
  }
  check_close(s.scores(history), s.scores_of(s.llm.last_states(embedded, x)), tolerance::kFused,
              "scores with vectors");
}

TEST_CASE("darec: the scores of a batch are those of each history, with every part on") {
  Small s(3);
  s.model.begin({{1, 3, 2}}, 1);
  for (auto& [name, tensor] : s.model.trained())
    Tensor(tensor).copy_from(ag::scale(drawn(tensor.shape(), name, 1), 0.2));
  const ag::NoGrad no_grad;
  const std::vector<int32_t> a = {2, 0}, b = {1, 3, 2};
  const Tensor both = s.model.scores({a, b}, {0, 1, 2, 3, 3, 2, 1, 0});
  check_close(both.rows(0, 1), s.scores(a), tolerance::kFused, "first");
  check_close(both.rows(1, 2), s.model.scores({b}, {3, 2, 1, 0}), tolerance::kFused, "second");
}

TEST_CASE("darec: training moves the adapters and W, not the language model") {
  Small s(3);
  s.data.user_ids = {"a", "b"};
  s.data.sequences = {{0, 1, 2, 3, 0}, {1, 2, 3, 0, 1}};
  const TrainingLists lists{{{0, {1, 3}, 0}, {1, {2, 0}, 0}}, {0, 1}, {}};
  s.model.begin({{1, 3, 2}}, 1);
  nn::NamedTensors before, trained = s.model.trained();
  std::set<std::string> moving;
  for (const auto& [name, tensor] : trained) moving.insert(name);
  for (const auto& [name, tensor] : s.llm.named_parameters()) before.emplace_back(name, tensor.clone());
  const std::vector<double> losses = train_darec(s.model, s.data, lists, 1, {});
  CHECK(losses.size() == 2);  // two epochs of one step
  CHECK(losses[1] < losses[0]);
  const nn::NamedTensors after = s.llm.named_parameters();
  for (size_t i = 0; i < before.size(); ++i) {
    CAPTURE(before[i].first);
    // In the first step a matrix that is zero has a gradient, and its partner gets one only in the second.
    CHECK((before[i].second.values() != after[i].second.values()) == moving.contains(before[i].first));
  }
  double moved = 0;
  for (const double w : trained.back().second.values()) moved += std::abs(w);
  CHECK(moved > 0);
}

TEST_CASE("darec: groups of layers follow the layers") {
  const auto sizes = [](int64_t layers, int64_t groups) {
    std::vector<int64_t> found(static_cast<size_t>(groups), 0);
    int64_t last = 0;
    for (int64_t layer = 0; layer < layers; ++layer) {
      const int64_t group = group_of_layer(layer, layers, groups);
      CHECK(group >= last);
      last = group;
      ++found.at(static_cast<size_t>(group));
    }
    return found;
  };
  CHECK(sizes(30, 6) == std::vector<int64_t>(6, 5));  // SmolLM2-135M
  CHECK(sizes(24, 6) == std::vector<int64_t>(6, 4));  // Qwen2.5-0.5B
  CHECK(sizes(32, 6) == std::vector<int64_t>{6, 5, 5, 6, 5, 5});
  CHECK(groups_of({}, 30) == 6);
  CHECK(groups_of({}, 3) == 3);  // the tiny model: a group for each layer
  CHECK(groups_of({.layer_groups = 2}, 3) == 2);
  CHECK_THROWS_AS(groups_of({}, 1), ag::InputError);
  CHECK_THROWS_AS(groups_of({.masked_groups = 3}, 3), ag::InputError);
}

TEST_CASE("darec: the adapters of each group") {
  CHECK(name_of({0, 1, 2, 3}) == "n48b");
  CHECK(adapters_named("n48b") == Point{0, 1, 2, 3});
  RandomLlama llm(4);
  const nn::Packed x = nn::pack({{72, 105, 33}});
  const Tensor plain = llm.hidden_states(x);
  attach_adapters(llm, {0, 1, 2, 3}, 1);
  check_close(llm.hidden_states(x), plain, tolerance::kFused, "new adapters change nothing");
  std::set<std::string> found;
  for (const auto& [name, tensor] : adapter_parameters(llm)) {
    CHECK(tensor.requires_grad());
    if (!name.ends_with("lora_B.weight") && !name.ends_with("up.weight"))
      found.insert(name.substr(std::string("model.layers.").size()) + " " + std::to_string(tensor.dim(0)));
  }
  CHECK(found ==
        std::set<std::string>{"1.self_attn.q_proj.lora_A.weight 4", "1.self_attn.v_proj.lora_A.weight 4",
                              "2.self_attn.q_proj.lora_A.weight 8", "2.self_attn.v_proj.lora_A.weight 8",
                              "3.self_attn.o_proj.bottleneck_down.weight 16",
                              "3.mlp.down_proj.bottleneck_down.weight 16"});
  for (const auto& layer : {"1", "2"}) {
    nn::for_each_linear(llm, [&](const std::string& name, nn::Linear& linear) {
      if (name == std::string("model.layers.") + layer + ".self_attn.q_proj")
        CHECK(linear.lora()->scaling == 2);
    });
  }
  attach_adapters(llm, {0, 0, 0, 0}, 1);
  CHECK(adapter_parameters(llm).empty());
}

TEST_CASE("a bottleneck: y + relu(y down^T) up^T, and its gradients") {
  nn::Linear linear(5, 4, true);
  for (const auto& [name, w] : linear.named_parameters()) Tensor(w).copy_from(drawn(w.shape(), name, 1));
  Tensor down = drawn({3, 4}, "down", 1).set_requires_grad(), up = drawn({4, 3}, "up", 1).set_requires_grad();
  const Tensor x = drawn({6, 5}, "x", 1), dy = drawn({6, 4}, "dy", 1);
  const Tensor y = linear(x);
  linear.attach_bottleneck({down, up});
  const Tensor found = linear(x),
               expected = ag::add(y, ag::matmul(ag::relu(ag::matmul(y, down, false, true)), up, false, true));
  check_close(found, expected, tolerance::kOpForward, "bottleneck");
  ag::backward(ag::sum(ag::mul(found, dy)));
  const Tensor d_down = down.grad().clone(), d_up = up.grad().clone();
  down.zero_grad(), up.zero_grad();
  ag::backward(ag::sum(ag::mul(expected, dy)));
  check_close(d_down, down.grad(), tolerance::kOpGradient, "down");
  check_close(d_up, up.grad(), tolerance::kOpGradient, "up");
  linear.detach_bottleneck();
  CHECK(linear.named_parameters().size() == 2);
  check_close(linear(x), y, tolerance::kOpForward, "detached");
}

TEST_CASE(
    "Gaussian process: posterior, likelihood and expected improvement equal scikit-learn's and SciPy's") {
  const nn::TensorFile file = testing::fixture("gaussian_process.safetensors");
  const auto rows = [](const Tensor& t) {
    std::vector<Features> points;
    for (int64_t i = 0; i < t.dim(0); ++i)
      points.emplace_back(t.data() + i * t.dim(1), t.data() + (i + 1) * t.dim(1));
    return points;
  };
  // The file's numbers are rounded to f32 in that build.
  const testing::Tolerance allowed =
      tolerance::kF64 ? tolerance::kExactMaths : testing::Tolerance{1e-4, 1e-4};
  std::istringstream names(file.metadata.at("cases"));
  for (std::string name; names >> name;) {
    CAPTURE(name);
    const std::vector<ag::real> found = file.at(name + ".values").values();
    const std::vector<double> values(found.begin(), found.end());
    const GaussianProcess process(rows(file.at(name + ".points")), values,
                                  std::stod(file.metadata.at(name + ".length")),
                                  std::stod(file.metadata.at(name + ".noise")));
    std::vector<double> means, stds, improvements;
    for (const Features& query : rows(file.at(name + ".queries"))) {
      const Posterior posterior = process.at(query);
      means.push_back(posterior.mean);
      stds.push_back(posterior.std);
      improvements.push_back(expected_improvement(posterior, std::ranges::max(values)));
    }
    const auto m = std::ssize(means);
    check_close(Tensor::from({m}, means), file.at(name + ".mean"), allowed, "mean");
    check_close(Tensor::from({m}, stds), file.at(name + ".std"), allowed, "std");
    check_close(Tensor::from({m}, improvements), file.at(name + ".improvement"), allowed, "improvement");
    check_close(Tensor::from({1}, {process.log_likelihood()}), file.at(name + ".log_likelihood"), allowed,
                "log likelihood");
  }
  CHECK(expected_improvement({2, 0}, 1) == 1);
  CHECK(expected_improvement({0, 0}, 1) == 0);
}

TEST_CASE(
    "search: Bayesian optimisation finds the optimum of 4096 points in 24 trials, random search does not") {
  const SearchSpace space{6, 4};
  CHECK(space.size() == 4096);
  CHECK(space.point(4095) == Point(6, 3));
  CHECK(space.point(6) == Point{2, 1, 0, 0, 0, 0});
  int bayesian = 0, random = 0;
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    const Point optimum = space.point(ag::random_below({seed, 0, 0}, 0, 4096));
    const auto value = [&](const Point& p) {
      double same = 0;
      for (size_t i = 0; i < p.size(); ++i) same += p[i] == optimum[i];
      return same;
    };
    const auto trials = search(space, {24, 4, seed}, value),
               drawn_trials = search(space, {24, 24, seed}, value);
    CHECK(trials.size() == 24);
    for (size_t i = 0; i < 4; ++i) CHECK(trials[i].point == drawn_trials[i].point);
    for (size_t i = 0; i < trials.size(); ++i)
      CHECK(std::ranges::count(trials, trials[i].point, &SearchTrial::point) == 1);
    bayesian += best_trial(trials).point == optimum;
    random += best_trial(drawn_trials).point == optimum;
  }
  CHECK(bayesian == 5);
  CHECK(random == 0);
}

TEST_CASE(
    "search: a space smaller than its trials is refused, and one of the same size is tried as a whole") {
  const SearchSpace space{2, 2};
  const auto value = [](const Point& p) { return double(p[0] - p[1]); };
  const auto trials = search(space, {4, 1, 1}, value);
  CHECK(best_trial(trials).point == Point{1, 0});
  CHECK_THROWS_AS(search(space, {5, 1, 1}, value), ag::Error);
}

TEST_CASE("a run of darec: trials, ablations, and a resumed search") {
  const testing::WorkingFolder here;
  testing::write_data(testing::small_data());
  testing::run_stages(small_darec());
  const RunResults run = ResultsFile("out").read();
  std::vector<std::string> arms;
  for (const ArmSummary& arm : run.results->arms) arms.push_back(arm.name);
  CHECK(arms == std::vector<std::string>{"darec", "random_search", "no_mask", "no_vectors", "no_adapters",
                                         "teacher", "popularity"});
  const auto trials = nn::parse_json<nn::OrderedJson>(run.sections.at("search"), "test");
  const auto best_in = [&](const char* search) {
    std::string best;
    double most = -1;
    for (const auto& trial : trials[search]) {
      if (trial["value"].get<double>() <= most) continue;
      most = trial["value"].get<double>();
      best = trial["adapters"];
    }
    return std::pair(best, most);
  };
  CHECK(trials["bayesian"].size() == 3);
  CHECK(trials["random"].size() == 3);
  CHECK(trials["bayesian"][0] == trials["random"][0]);
  CHECK(trials["bayesian"][1] != trials["random"][1]);
  const auto [best, most] = best_in("bayesian");
  CHECK(best.size() == 3);  // the tiny model has three layers
  CHECK(contains(run.results->find("darec")->meaning, "adapters " + best));
  CHECK(contains(run.results->find("random_search")->meaning, "adapters " + best_in("random").first));
  const nn::TensorFile trained = nn::read_safetensors("out/trial-" + best + ".safetensors");
  double moved = 0;
  for (const double w : trained.at("collaborative.weight").values()) moved += std::abs(w);
  CHECK(moved > 0);
  // Without the mask W moves otherwise.
  CHECK(nn::read_safetensors("out/ablation-no_mask.safetensors").at("collaborative.weight").values() !=
        trained.at("collaborative.weight").values());
  CHECK(nn::read_safetensors("out/ablation-no_vectors.safetensors").find("collaborative.weight") == nullptr);
  CHECK(nn::read_safetensors("out/ablation-no_adapters.safetensors").tensors.size() == 1);

  // A trial's value is measured on the validation items, and the report's example on a test item.
  const Interactions data = load_data("data.txt");
  const models::LanguageModel llm = models::load_language_model("out/tiny_llm.safetensors");
  DarecModel model(*llm.model, *llm.tokenizer, data,
                   nn::read_safetensors("out/teacher.safetensors").at("item_embedding.weight"),
                   {.history = 3});
  model.begin({adapters_named(best)}, 2);
  for (auto& [name, tensor] : model.trained()) Tensor(tensor).copy_from(trained.at(name));
  const auto lists = candidate_lists(data, Target::Validation, {.count = 8, .users = 12});
  double value = 0;
  for (const int64_t rank : ranks_in_lists(lists, darec_scores(model, data, lists, Target::Validation, {})))
    value += gain(Measure::NDCG, rank, 5) / 12;
  CHECK(value == doctest::Approx(most));
  const auto example = nn::parse_json<nn::OrderedJson>(run.sections.at("evaluate"), "test");
  const auto tested = candidate_lists(data, Target::Test, {.count = 8, .users = 12});
  const std::vector<ag::real> scores = darec_scores(model, data, {tested[0]}, Target::Test, {}).values();
  CHECK(example["candidates"][0]["score"].get<double>() == doctest::Approx(std::ranges::max(scores)));
  CHECK(contains(darec_report_sections()[0].html({trials, "test"}), best));
  CHECK(contains(darec_report_sections()[1].html({example, "test"}), "History: "));

  // As if the search had been killed after its first trial.
  const auto expected = testing::artefacts("out");
  const std::string first = trials["bayesian"][0]["adapters"];
  for (const char* stage : {"search", "ablate", "evaluate"}) Manifest("out").remove(stage);
  std::filesystem::remove("out/trials.json");
  for (const nn::Path& file : found_files("out", {"trial-*.safetensors", "ablation-*.safetensors"})) {
    if (file.filename() != "trial-" + first + ".safetensors") std::filesystem::remove(file);
  }
  testing::Options options = small_darec();
  options["resume"] = "true";
  testing::run_stages(options);
  testing::check_same(expected, testing::artefacts("out"));
}

TEST_CASE("darec refuses a mask in all groups of layers, and more trials than choices, before it starts") {
  const testing::WorkingFolder here;
  testing::write_data(testing::small_data());
  testing::Options options = small_darec();
  options["masked-groups"] = "3";  // as many as the tiny model has layers
  CHECK(contains(testing::message_of([&] { testing::run_stages(options); }),
                 "masked-groups: found 3; expected fewer than the groups of layers, 3"));
  options = small_darec();
  options["layer-groups"] = "2";
  options["search-trials"] = "17";
  CHECK(contains(testing::message_of([&] { testing::run_stages(options); }),
                 "search-trials: found 17; expected at most 16, the choices of adapters for 2 groups"));
  CHECK_FALSE(std::filesystem::exists("out"));
}
