#include "p2rec/methods/tempura/tempura.h"

#include <fmt/format.h>

#include <numeric>

#include "nn/io/json.h"
#include "p2rec/llm/candidate_scoring.h"
#include "p2rec/llm/instruction.h"
#include "p2rec/methods/common/candidate_results.h"
#include "p2rec/methods/tempura/aggregation.h"
#include "p2rec/report/text.h"

namespace p2rec {
namespace {

using ag::Tensor;

constexpr const char *kScore = "score", *kScoresFile = "scores.safetensors";

std::vector<CandidateList> lists_of(const Context& context) {
  return candidate_lists(context.data(), Target::Test, context.config<CandidateConfig>("candidates"));
}

// --- scoring -----------------------------------------------------------------------------------------------

std::string shuffled_name(const std::string& prompt) { return prompt + "_shuffled"; }

// The texts of a user's prompts: of tempura_prompts(), then of the same with a shuffled history.
std::vector<std::string> prompts_of(const Context& context, const CandidateList& list,
                                    const Tensor& vectors) {
  const Interactions& data = context.data();
  const auto& config = context.config<TempuraPromptConfig>("tempura");
  const Sequence history = target_history(data, list.user, Target::Test);
  std::vector<std::string> texts;
  for (const UserStory& story : {user_story(data, list.user, history, vectors, config),
                                 shuffled_story(data, list.user, history, vectors, config, context.seed())}) {
    for (const TempuraPrompt& prompt : tempura_prompts())
      texts.push_back(tempura_text(prompt, story, list.items, data));
  }
  return texts;
}

// Writes the scores (lists, n) of each prompt. A prompt's tokens are not cut: the model's context must hold
// it.
int64_t score(const Context& context) {
  const models::LanguageModel llm = language_model(context);
  const TitleTokens titles = title_tokens(context.data(), *llm.tokenizer, llm.model->config().vocabulary);
  const Tensor vectors = teacher_table(context);
  const std::vector<CandidateList> lists = lists_of(context);
  const auto n = std::ssize(lists.at(0).items), P = 2 * std::ssize(tempura_prompts());
  const Task task = context.task();
  task.announce(fmt::format("{}, {} prompts each, {} candidates", counted(std::ssize(lists), "user"), P, n));
  const Tensor scores = score_rows(
      std::ssize(lists), P * n, "user",
      [&](int64_t i) {
        const CandidateList& list = lists[static_cast<size_t>(i)];
        TitleTokens candidates;
        for (const int32_t item : list.items) candidates.push_back(titles[static_cast<size_t>(item)]);
        std::vector<double> of_user;
        for (const std::string& text : prompts_of(context, list, vectors)) {
          for (const double s : title_scores(*llm.model, prompt_tokens(*llm.tokenizer, text), candidates))
            of_user.push_back(s);
        }
        return of_user;
      },
      task);
  nn::NamedTensors tables;
  for (int64_t p = 0; p < P; ++p) {
    const std::string& name = tempura_prompts()[static_cast<size_t>(p % (P / 2))].name;
    tables.emplace_back(p < P / 2 ? name : shuffled_name(name), ag::slice(scores, 1, p * n, (p + 1) * n));
  }
  nn::write_safetensors(context.output(kScoresFile), tables, context.metadata());
  task.finish(counted(std::ssize(lists), "user"));
  return 0;
}

// --- results -----------------------------------------------------------------------------------------------

// The arms of the prompts and of their ensembles, from the scores of all prompts in the history's order or,
// for the shuffle test, shuffled.
std::vector<ScoredArm> tempura_arms(const nn::TensorFile& scores, bool shuffled) {
  std::vector<ScoredArm> arms;
  std::vector<Tensor> alone;  // of the prompts with one strategy
  for (const TempuraPrompt& prompt : tempura_prompts()) {
    arms.push_back(
        {{prompt.name, prompt.meaning}, scores.at(shuffled ? shuffled_name(prompt.name) : prompt.name)});
    if (prompt.proximal + prompt.global + prompt.clusters == 1) alone.push_back(arms.back().scores);
  }
  arms.push_back({{"borda", "the three strategies' rankings together, by Borda counts", true}, borda(alone)});
  arms.push_back({{"reciprocal_rank", "the same, by sums of reciprocal ranks"}, reciprocal_ranks(alone)});
  return arms;
}

// [{"arm", "tau", "same_best", "difference", "low", "high"}]: how much an arm's ranking depends on the order
// of the history. tau: Kendall's, between the rankings of the two orders, the mean over the users.
// difference: NDCG@5 with the history's order minus that with the shuffled one, with its 95 % interval.
nn::OrderedJson shuffle_test(const Interactions& data, const std::vector<CandidateList>& lists,
                             const nn::TensorFile& scores) {
  const std::vector<ScoredArm> ordered = tempura_arms(scores, false), shuffled = tempura_arms(scores, true);
  nn::OrderedJson table = nn::OrderedJson::array();
  for (size_t a = 0; a < ordered.size(); ++a) {
    const Tensor &ours = ordered[a].scores, &theirs = shuffled[a].scores;
    const std::vector<double> taus = kendall_taus(ours, theirs);
    const ScoredArm both[] = {{{"ordered"}, ours}, {{"shuffled"}, theirs}};
    const Summary summary = summarise(candidate_results(data, lists, {both, both + 2}, "shuffled", 1));
    const Difference& d = summary.find("ordered")->differences.at(0)[summary.main_measure()];
    table.push_back({{"arm", ordered[a].name},
                     {"tau", std::reduce(taus.begin(), taus.end()) / static_cast<double>(taus.size())},
                     {"same_best", share_of_same_best(ours, theirs)},
                     {"difference", d.mean},
                     {"low", d.low},
                     {"high", d.high}});
  }
  return table;
}

int64_t compare_arms(const Context& context) {
  const Interactions& data = context.data();
  const std::vector<CandidateList> lists = lists_of(context);
  const nn::TensorFile scores = nn::read_safetensors(context.input(kScore, kScoresFile));
  const nn::OrderedJson shuffle = shuffle_test(data, lists, scores);
  for (const auto& arm : shuffle)
    context.say(fmt::format(
        "shuffled history, {}: Kendall's tau {:.3f}, the same best item for {:.0f} % of users",
        arm["arm"].get<std::string>(), arm["tau"].get<double>(), 100 * arm["same_best"].get<double>()));
  const std::string& combined = tempura_prompts().back().name;
  context.record(nn::OrderedJson{
      {"example", describe_ranked_list(
                      data, lists[0],
                      prompts_of(context, lists[0], teacher_table(context)).at(tempura_prompts().size() - 1),
                      scores.at(combined).rows(0, 1))},
      {"shuffle", shuffle}});
  record_candidate_results(context, lists, tempura_arms(scores, false), "plain");
  return 0;
}

std::string shuffle_html(const nn::OrderedJsonReader& found) {
  std::string rows;
  for (const auto& arm : found["shuffle"].list())
    rows += row(
        escaped(arm["arm"].string()), "",
        cell(metric_text(arm["tau"].number())) + cell(percent_text(arm["same_best"].number())) +
            cell(fmt::format("{} [{}, {}]", difference_text(arm["difference"].number()),
                             difference_text(arm["low"].number()), difference_text(arm["high"].number()))));
  return R"(<p>How much each ranking depends on the order of the history: every prompt is made again with the
history in a random order. Kendall’s tau is 1 if both rankings are the same, 0 if they are unrelated.</p>
)" + table("Rankings with the history’s order and with a random one",
           "Means over the users; the difference is paired, with a 95&#160;% bootstrap interval",
           column("Arm") + column("Kendall’s tau") + column("same best item") +
               column("NDCG@5, ordered minus shuffled"),
           rows);
}

std::string example_html(const nn::OrderedJsonReader& found) {
  return "<p>The prompt with all three strategies. A score is the sum of log-probabilities of the "
         "title.</p>\n" +
         ranked_list_html(found["example"]);
}

}  // namespace

Sections TempuraConfig::sections() {
  return {Section::of("candidates", "Evaluation", candidates), Section::of("tempura", "Prompts", prompts),
          Section::of("llm", "Language model", llm), Section::of("teacher", "Teacher", teacher, "teacher.")};
}

void TempuraConfig::check() const { p2rec::check(teacher.recommender); }

Stages TempuraConfig::stages() const {
  Stages stages = {teacher_stage(teacher)};
  if (llm.is_tiny()) stages.push_back(tiny_llm_stage());
  stages.push_back(
      {.name = kScore,
       .help = "scores each user's candidates with the untuned language model, after each prompt",
       .inputs = with_llm({"pretrain"}, llm),
       .files = {kScoresFile},
       .configs = {"llm", "candidates", "tempura"},
       .sees = Sees::Test,
       .check = check_candidate_ranking,
       .run = score});
  stages.push_back(
      {.name = "evaluate",
       .help = "aggregates the rankings and compares them; writes results.json, ranks.tsv and report.html",
       .inputs = {"pretrain", kScore},
       .files = {"ranks.tsv"},
       .configs = {"candidates", "tempura", "teacher"},
       .sees = Sees::Test,
       .run = compare_arms});
  return stages;
}

std::vector<ReportSection> tempura_report_sections() {
  return {{"shuffle", "Order of the history", "evaluate", shuffle_html},
          {"example", "A prompt and its candidates", "evaluate", example_html}};
}

}  // namespace p2rec
