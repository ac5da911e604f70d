// The tables of a study (study.h), from the files of its runs.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "nn/io/files.h"
#include "p2rec/data/load_data.h"
#include "p2rec/evaluation/ranked_users.h"
#include "p2rec/methods/common/compare.h"
#include "p2rec/methods/common/stages.h"
#include "p2rec/methods/study.h"
#include "p2rec/report/text.h"

namespace p2rec {
namespace {

nn::Path folder_of(const Study& study, const StudyRun& run) { return study.out / run.name / run.model; }

std::vector<RankedRun> runs_of(const Study& study, const std::string& model) {
  std::vector<RankedRun> runs;
  for (const StudyRun* run : study.of(model)) {
    runs.push_back(read_ranked_run(folder_of(study, *run)));
    runs.back().name = run->name;
  }
  return runs;
}

// The arms of all runs, popularity once, with the splits of the first run's users.
Results results_of(const Study& study, const std::string& model, const std::vector<RankedRun>& runs) {
  Results results = joined_results(runs);
  const auto settings = settings_of_run(folder_of(study, *study.of(model)[0]));
  const Interactions data = load_data(settings->run.data);
  const auto sections = settings->sections();
  const int64_t most = section_named(sections, "recommender").as<RecommenderConfig>().validation_users;
  const std::vector<RankedUser> users =
      describe_ranked_users(data, ranked_users(data, Target::Test, most), Target::Test);
  INPUT_CHECK(users.size() == results.rows.at(0).values.at(0).size(), study.out.string(), ": the runs of ",
              model, " ranked different users; hint: give all the same evaluate-users");
  results.splits = splits_of(users);
  const std::string kept = runs[0].name + "/popularity";
  const auto repeated = [&](const std::string& arm) { return arm.ends_with("/popularity") && arm != kept; };
  std::erase_if(results.arms, [&](const Arm& arm) { return repeated(arm.name); });
  std::erase_if(results.rows, [&](const ResultRow& row) { return repeated(row.arm); });
  return results;
}

std::string difference_text_of(const ArmSummary& arm, size_t measure) {
  if (arm.differences.empty()) return "";
  const Difference& d = arm.differences[0][measure];
  return fmt::format("{:+.4f} [{:+.4f}, {:+.4f}]", d.mean, d.low, d.high);
}

int64_t bytes_to_serve(const nn::Path& folder, const std::string& arm, uint64_t seed) {
  const Job job{arm, seed};
  const nn::Path cached = folder / ("cached-" + job.name() + ".safetensors"), own = folder / job.file();
  for (const nn::Path& file : {cached, own}) {
    if (std::filesystem::exists(file)) return static_cast<int64_t>(std::filesystem::file_size(file));
  }
  return 0;
}

}  // namespace

std::string study_table(const Study& study, const std::string& model) {
  const std::vector<RankedRun> runs = runs_of(study, model);
  Results results = results_of(study, model, runs);
  std::vector<std::string> baselines = study.baselines;
  std::erase_if(baselines,
                [&](const std::string& arm) { return !std::ranges::count(results.arms, arm, &Arm::name); });
  add_facts(results, runs, baselines.empty() ? "" : baselines[0]);
  std::vector<Summary> summaries;  // one per baseline
  for (const std::string& baseline : baselines) {
    results.baseline = baseline;
    summaries.push_back(paired(results));
  }
  if (summaries.empty()) {
    results.baseline = "";
    summaries.push_back(paired(results));
  }
  const Summary& first = summaries[0];
  const size_t hr = first.index_of("HR@10"), ndcg = first.index_of("NDCG@10");
  size_t width = 8;
  for (const ArmSummary& arm : first.arms) width = std::max(width, arm.name.size());

  std::string text = fmt::format("{:<{}}  HR@10   NDCG@10       ", model, width);
  for (const std::string& baseline : baselines) text += fmt::format("  {:<27}", "d to " + baseline);
  text += "  epochs  reach ";
  for (size_t p = 1; p < first.parts.size(); ++p) text += fmt::format(" {:>8}", first.parts[p].name);
  text += "\n";
  for (size_t a = 0; a < first.arms.size(); ++a) {
    const ArmSummary& arm = first.arms[a];
    const Estimate& e = arm.metrics[0][ndcg];
    std::string line = fmt::format("{:<{}}  {:.4f}  {:.4f} {:<7}", arm.name, width, arm.metrics[0][hr].mean,
                                   e.mean, std::isnan(e.std) ? "" : fmt::format("±{:.4f}", e.std));
    for (size_t b = 0; b < baselines.size(); ++b)
      line += fmt::format("  {:<27}", difference_text_of(summaries[b].arms[a], ndcg));
    line += fmt::format("  {:>6}  {:>6}", fact_text(arm, 0), fact_text(arm, 1));
    for (size_t p = 1; p < first.parts.size(); ++p)
      line += fmt::format(" {:>8.4f}", arm.metrics[p][ndcg].mean);
    text += line + "\n";
  }
  text +=
      "± standard deviation over seeds; d: paired difference of NDCG@10 [95% bootstrap over users and "
      "seeds]\n"
      "reach: epochs until the first baseline's best validation; (2/3): reached by 2 of 3 seeds\n";
  for (size_t p = 1; p < first.parts.size(); ++p)
    text += fmt::format("{}: NDCG@10 of {} users: {}\n", first.parts[p].name, first.parts[p].units,
                        first.parts[p].meaning);
  for (const std::string& note : pairing_notes(first)) text += note + "\n";
  for (const std::string& doubt : doubts_of(first)) text += "no verdict: " + doubt + "\n";
  return text;
}

std::string cost_table(const Study& study) {
  std::string text = "run                   stage          seconds   peak memory     tokens\n";
  const auto add = [&](const std::string& name, const nn::Path& folder) {
    if (!std::filesystem::exists(folder / "results.json")) return;
    for (const StageRecord& stage : ResultsFile(folder).read().stages)
      text += fmt::format("{:<20}  {:<12} {:>9.1f}  {:>12}  {:>9}\n", name, stage.name, stage.seconds,
                          memory_text(stage.peak_rss_mib), stage.tokens);
  };
  for (const std::string& run : study.runs) add(run, study.out / run / "embeddings");
  for (const StudyRun& run : study.all) add(run.name + ", " + run.model, folder_of(study, run));
  text += "\nbytes to serve, with the first seed\n";
  for (const StudyRun& run : study.all) {
    const nn::Path folder = folder_of(study, run);
    for (const ArmSummary& arm : read_ranked_run(folder).results.arms) {
      const int64_t bytes = bytes_to_serve(folder, arm.name, arm.seeds.at(0).seed);
      if (bytes > 0)
        text += fmt::format("{:<10}  {:<40}  {:>12}\n", run.model, run.name + "/" + arm.name, bytes);
    }
  }
  return text;
}

}  // namespace p2rec
