// DELRec: losses, gradients and weights against PyTorch, its prompts in full, and a whole run.
#include "p2rec/methods/delrec/delrec.h"

#include <algorithm>
#include <set>

#include "autograd/ops.h"
#include "models/tokenizers/byte_tokenizer.h"
#include "nn/io/json.h"
#include "nn/peft_adapter.h"
#include "p2rec/data/load_data.h"
#include "p2rec/methods/delrec/task_weights.h"
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

// The sequences of a packed fixture.
std::vector<std::vector<int32_t>> sequences(const Tensor& ids, const Tensor& offsets) {
  std::vector<std::vector<int32_t>> result;
  for (int64_t b = 0; b + 1 < offsets.numel(); ++b)
    result.emplace_back(ids.ints() + offsets.ints()[b], ids.ints() + offsets.ints()[b + 1]);
  return result;
}

std::vector<int32_t> ints(const Tensor& x) { return {x.ints(), x.ints() + x.numel()}; }

// The language model of the fixtures, and a soft prompt that requires grad.
struct Tiny {
  nn::TensorFile file = testing::fixture("delrec.safetensors");
  models::Llama llm{testing::tiny_config()};
  Tensor soft = file.at("soft_prompt").clone().set_requires_grad();

  Tiny() {
    const nn::TensorFile weights = testing::fixture("llama_tiny.safetensors");
    nn::NamedTensors base;
    for (const auto& [name, tensor] : weights.tensors) {
      if (name.starts_with("weight.")) base.emplace_back(name.substr(7), tensor);
    }
    llm.load(base, weights.path);
    llm.requires_grad(false);
  }
  Tensor loss(const std::string& task) const {
    const auto prompts = sequences(file.at(task + ".ids"), file.at(task + ".offsets"));
    return choice_loss({llm, soft}, nn::pack(prompts), file.at("title_vectors"),
                       ints(file.at(task + ".candidates")), ints(file.at(task + ".places")));
  }
  TaskLoss with_gradient(const std::string& task) const {
    const Tensor value = loss(task);
    ag::backward(value);
    const TaskLoss found{value.item(), soft.grad()};
    soft.zero_grad();
    return found;
  }
};

Interactions nine_items() {
  Interactions data;
  for (const char* title : {"Kolya", "Heat", "Alien", "Twister", "Fargo", "Ran", "Seven", "Brazil", "Big"}) {
    data.item_ids.push_back(std::to_string(10 + data.item_ids.size()));
    data.titles.push_back(title);
  }
  return data;
}

testing::Options small_delrec() {
  return {{"method", "delrec"},
          {"data", "data.txt"},
          {"out", "out"},
          {"seeds", "1"},
          {"quiet", "true"},
          {"tiny-steps", "4"},
          {"candidates", "8"},
          {"evaluate-users", "5"},
          {"train-users", "10"},
          {"history", "7"},
          {"soft-tokens", "3"},
          {"distil-epochs", "8"},
          {"distil-lr", "0.05"},
          {"lora-rank", "2"},
          {"sft-lr", "0.01"},
          {"sft-epochs", "1"},
          {"teacher.hidden", "8"},
          {"teacher.inner", "8"},
          {"teacher.max-length", "8"},
          {"teacher.max-epochs", "3"}};
}

}  // namespace

TEST_CASE("delrec: title vectors, both losses and the soft prompt's gradients equal PyTorch's") {
  const Tiny t;
  const auto titles = sequences(t.file.at("titles.ids"), t.file.at("titles.offsets"));
  check_close(title_vectors(t.llm, titles), t.file.at("title_vectors"), tolerance::kOpForward,
              "title vectors");
  for (const std::string task : {"analysis", "simulation"}) {
    const TaskLoss found = t.with_gradient(task);
    check_close(Tensor::from({1}, {found.loss}), t.file.at(task + ".loss"), tolerance::kModelForward, task);
    check_close(found.gradient, t.file.at(task + ".gradient"), tolerance::kModelGradient,
                task + "'s gradient");
  }
}

TEST_CASE("delrec: the joint loss, its weights and its gradient equal PyTorch's") {
  const Tiny t;
  const JointLoss joint = joint_loss(t.with_gradient("analysis"), t.with_gradient("simulation"));
  check_close(Tensor::from({1}, {joint.loss}), t.file.at("joint.loss"), tolerance::kModelForward,
              "joint loss");
  check_close(Tensor::from({2}, {joint.weights[0], joint.weights[1]}), t.file.at("joint.weights"),
              tolerance::kModelGradient, "weights");
  check_close(joint.gradient, t.file.at("joint.gradient"), tolerance::kModelGradient, "joint gradient");
  ag::backward(ag::scale(known_loss(t.soft, joint), 2));
  check_close(t.soft.grad(), ag::scale(joint.gradient, 2), tolerance::kOpGradient, "through the tape");
}

TEST_CASE("delrec: a task with the smaller gradient weighs more, and equal ones weigh the same") {
  const Tensor g = Tensor::from({2}, {3, 4});
  const JointLoss same = joint_loss({2, g}, {2, g});
  CHECK(same.weights[0] == doctest::Approx(0.5));
  CHECK(same.loss == doctest::Approx(2));
  const JointLoss other = joint_loss({2, g}, {2, ag::scale(g, 4)});
  CHECK(other.weights[0] == doctest::Approx(2.0 / 3));  // (1 / 5)^0.5 to (1 / 20)^0.5
  CHECK_THROWS_AS(joint_loss({2, g}, {2, Tensor::zeros({2})}), ag::Error);
}

TEST_CASE("delrec: each prompt in full") {
  const Interactions data = nine_items();
  const std::vector<int32_t> items = {0, 1, 2, 3, 4, 5, 6}, candidates = {5, 8};
  CHECK(analysed_item(items) == 5);
  CHECK(shown_text(analysis_text(items, candidates, data), 100) ==
        "Follow the teacher's pattern to find the most recent item of a history among the candidates.\n"
        "The teacher's pattern is: <soft 100>.\n"
        "Candidates: Ran; Big.\n"
        "History: Kolya; Heat; [M]. The next item is Twister. The most recent item [M] is Alien.\n"
        "After that: Fargo; [X]. The next item is Seven. The most recent item [X] is");
  CHECK(shown_text(simulation_text(items, candidates, std::vector<int32_t>{7, 5}, data), 100) ==
        "Follow the teacher's pattern to choose the next item from the candidates as the teacher does.\n"
        "The teacher's pattern is: <soft 100>.\n"
        "History: Kolya; Heat; Alien; Twister; Fargo; Ran; Seven.\n"
        "Candidates: Ran; Big.\n"
        "The teacher's second and further choices are Brazil; Ran. Its first choice is");
  CHECK(shown_text(ranking_text(items, candidates, data, true), 100) ==
        "Refer to the teacher's pattern to choose the user's next item from the candidates.\n"
        "The teacher's pattern is: <soft 100>.\n"
        "History: Kolya; Heat; Alien; Twister; Fargo; Ran; Seven.\n"
        "Candidates: Ran; Big.\n"
        "The next item is");
  CHECK(shown_text(ranking_text(items, candidates, data, false), 0) ==
        "Choose the user's next item from the candidates.\n"
        "History: Kolya; Heat; Alien; Twister; Fargo; Ran; Seven.\n"
        "Candidates: Ran; Big.\n"
        "The next item is");
}

TEST_CASE("soft prompt: its ids are between the texts, from the vocabulary's size on") {
  const models::ByteTokenizer tokenizer;
  const auto rows = static_cast<int32_t>(tokenizer.vocabulary());
  std::vector<int32_t> expected = tokenizer.special().before;
  for (const int32_t id : tokenizer.encode("ab")) expected.push_back(id);
  for (const int32_t id : {rows, rows + 1, rows + 2}) expected.push_back(id);
  for (const int32_t id : tokenizer.encode("c")) expected.push_back(id);
  CHECK(soft_prompt_ids({"ab", "c"}, 3, tokenizer, rows) == expected);
}

TEST_CASE("training lists: the last training item among items that the user does not have") {
  const Interactions data = make_synthetic({.users = 60, .items = 60, .groups = 4, .mean_length = 10});
  const TrainingLists lists = training_lists(data, 10, 1, 3, 0);
  CHECK(lists.train.size() + lists.heldout.size() == lists.lists.size());
  CHECK(!lists.heldout.empty());
  for (size_t i = 0; i < lists.lists.size(); ++i) {
    const CandidateList& list = lists.lists[i];
    const Sequence items = training_part(data, list.user);
    CHECK(items.size() >= 3);
    CHECK(list.items[static_cast<size_t>(list.place)] == items.back());
    CHECK(history_of(data, list).size() == items.size() - 1);
    for (const int32_t item : list.items) CHECK(std::ranges::count(items, item) == (item == items.back()));
    const bool apart = std::ranges::count(lists.heldout, static_cast<int64_t>(i)) > 0;
    CHECK(apart == held_out(data.user_ids[static_cast<size_t>(list.user)]));
  }
  const TrainingLists some = training_lists(data, 10, 1, 3, 7);
  CHECK(some.lists.size() == 7);
  // Not the lists of an evaluation with the same seed: nobody learns what the target is ranked against.
  const auto ranked = candidate_lists(data, Target::Test, {.count = 10, .users = 0, .seed = 1});
  size_t common = 0;
  for (const CandidateList& list : ranked) {
    const auto same = std::ranges::find(lists.lists, list.user, &CandidateList::user);
    if (same == lists.lists.end()) continue;
    for (const int32_t item : list.items) common += std::ranges::count(same->items, item) > 0;
  }
  CHECK(common < ranked.size() * 10 / 2);
}

TEST_CASE("delrec: the examples of both tasks") {
  const Interactions data = make_synthetic({.users = 30, .items = 40, .groups = 4, .mean_length = 14});
  const models::ByteTokenizer tokenizer;
  models::LlamaConfig config = testing::tiny_config();
  config.vocabulary = tokenizer.vocabulary();
  models::Llama llm(config);
  models::initialise(llm, 0.1, 1);
  const DelrecPromptConfig prompts{.history = 8, .soft_tokens = 2};
  const DelrecInput input(llm, tokenizer, data, prompts);
  RecommenderConfig small;
  small.model->hidden = 8;
  small.model->items = data.items();
  const auto teacher = make_recommender(data.items(), small);
  for (int64_t user = 0; user < 10; ++user) {
    const Sequence items = training_part(data, user);
    if (std::ssize(items) < kLeastAnalysed) continue;
    ChoiceBatch analysis, simulation;
    add_analysis(analysis, input, user, 10, 1);
    const auto place = static_cast<size_t>(analysis.places[0]);
    CHECK(analysis.candidates.at(place) == items[items.size() - 2]);
    add_simulation(simulation, input, *teacher, user, 10, 1);
    CHECK(simulation.candidates.size() == 10);
    CHECK(std::set<int32_t>(simulation.candidates.begin(), simulation.candidates.end()).size() == 10);
    for (const int32_t item : simulation.candidates) CHECK(std::ranges::count(items, item) == 0);
    const Tensor scores = teacher->scores(teacher->pack({{items.begin(), items.end()}}));
    const auto best = top_items({scores.data(), 40}, 5, items);
    CHECK(simulation.candidates.at(static_cast<size_t>(simulation.places[0])) == best[0]);
    for (const int32_t item : best) CHECK(std::ranges::count(simulation.candidates, item) == 1);
  }
}

TEST_CASE(
    "a run of delrec: the soft prompt learns, the language model does not change, and the arms differ") {
  const testing::WorkingFolder here;
  testing::write_data(testing::small_data());
  testing::run_stages(small_delrec());
  const RunResults run = ResultsFile("out").read();
  std::vector<std::string> arms;
  for (const ArmSummary& arm : run.results->arms) arms.push_back(arm.name);
  CHECK(arms == std::vector<std::string>{"delrec", "random_prompt", "no_prompt", "teacher", "popularity"});
  CHECK(run.results->baseline == "no_prompt");

  const nn::TensorFile soft = nn::read_safetensors("out/soft_prompt.safetensors");
  CHECK(soft.at("learned").shape() == ag::Shape{3, 64});
  CHECK(soft.at("learned").values() != soft.at("random").values());
  const auto found = nn::parse_json<nn::OrderedJson>(run.sections.at("distil"), "test");
  CHECK(found["last"].get<double>() < found["first"].get<double>());

  const Interactions data = load_data("data.txt");
  const models::LanguageModel llm = models::load_language_model("out/tiny_llm.safetensors");
  nn::read_adapter("out/adapter-delrec", *llm.model);
  std::set<std::string> adapted;
  for (const auto& [name, tensor] : nn::lora_parameters(*llm.model))
    adapted.insert(name.substr(name.find("self_attn")));
  CHECK(adapted == std::set<std::string>{"self_attn.q_proj.lora_A.weight", "self_attn.q_proj.lora_B.weight",
                                         "self_attn.v_proj.lora_A.weight", "self_attn.v_proj.lora_B.weight"});
  // The example of the report has the scores of the adapted model with the learned prompt.
  const DelrecPromptConfig prompts{.history = 7, .soft_tokens = 3};
  const DelrecInput input(*llm.model, *llm.tokenizer, data, prompts);
  const CandidateList list = candidate_lists(data, Target::Test, {.count = 8, .users = 5})[0];
  const std::vector<double> scores =
      rank_candidates(input, list, target_history(data, list.user, Target::Test), soft.at("learned"));
  const auto example = nn::parse_json<nn::OrderedJson>(run.sections.at("evaluate"), "test");
  CHECK(example["candidates"][0]["score"].get<double>() == doctest::Approx(std::ranges::max(scores)));
  CHECK(contains(delrec_report_sections()[1].html({example, "test"}), "&lt;soft 3&gt;"));
  CHECK(contains(delrec_report_sections()[0].html({found, "test"}), "joint loss"));
}

TEST_CASE("a run of delrec that is interrupted after an adapter ends as an unbroken one") {
  const testing::WorkingFolder here;
  testing::write_data(testing::small_data());
  testing::run_stages(small_delrec());
  const auto expected = testing::artefacts("out");
  // As if the stage had been killed before its third adapter.
  testing::Options options = small_delrec();
  options["resume"] = "true";
  std::filesystem::remove_all("out/adapter-no_prompt");
  Manifest manifest("out");
  manifest.remove("learn");
  manifest.remove("evaluate");
  testing::run_stages(options);
  testing::check_same(expected, testing::artefacts("out"));
}
