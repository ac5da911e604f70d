#include "p2rec/methods/common/compare.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <sstream>
#include <unordered_map>

#include "p2rec/data/text_file.h"
#include "p2rec/llm/candidates.h"
#include "p2rec/methods/common/stages.h"
#include "p2rec/run/run_folder.h"

namespace p2rec {
namespace {

constexpr size_t kNameBesideTwoMeasures = 21;  // letters; longer names would make lines over 80 columns

// The hashes of the data and the options of the ranking, from the evaluation's fingerprint. The ranked users
// are left out because they may differ.
std::vector<std::pair<std::string, std::string>> ranking_of(const std::string& fingerprint) {
  std::map<std::string, std::string> values;
  std::istringstream lines(fingerprint);
  for (std::string line; std::getline(lines, line);) {
    const size_t end = std::min(line.find('='), line.size());
    values[line.substr(0, end)] = line.substr(std::min(end + 1, line.size()));
  }
  if (values["ranking"] == "full") values["negatives-ranked"] = values["ranking-seed"] = "none";
  std::vector<std::pair<std::string, std::string>> made_of;
  for (const char* hash : {"data.training", "data.validation", "data.test"})
    made_of.emplace_back(hash, values[hash]);
  const auto add = [&](const nn::Option& option, nn::Field) {
    if (option.name != "evaluate-users") made_of.emplace_back(option.name, values[option.name]);
  };
  RankingConfig ranking;
  CandidateConfig candidates;
  describe(ranking, add);
  describe(candidates, add);
  return made_of;
}

void check_same_ranking(const RankedRun& first, const RankedRun& other) {
  for (size_t i = 0; i < first.made_of.size(); ++i) {
    const auto& [name, expected] = first.made_of[i];
    const std::string& found = other.made_of.at(i).second;
    INPUT_CHECK(found == expected, other.name, ": ", name, ": found ", found, "; expected ", expected,
                " as in ", first.name, "; hint: only runs of the same data and ranking can be compared");
  }
}

// The first run's units that all runs have.
std::vector<std::string> common_units(const std::vector<RankedRun>& runs) {
  std::vector<std::string> common = runs[0].ranks.units;
  for (const RankedRun& run : runs) {
    const std::set<std::string> units(run.ranks.units.begin(), run.ranks.units.end());
    std::erase_if(common, [&](const std::string& unit) { return !units.contains(unit); });
  }
  INPUT_CHECK(!common.empty(), runs.back().name, ": shares no user with the other runs");
  return common;
}

// The indices of `units` in the run's ranks.
std::vector<size_t> rows_of(const RankedRun& run, const std::vector<std::string>& units) {
  std::unordered_map<std::string, size_t> row_of;
  for (const std::string& unit : run.ranks.units) row_of.emplace(unit, row_of.size());
  std::vector<size_t> rows;
  for (const std::string& unit : units) rows.push_back(row_of.at(unit));
  return rows;
}

ResultRow row_of(const RankedRun& run, const ArmSummary& arm, const SeedSummary& seed,
                 const std::vector<size_t>& rows) {
  const std::string column = fmt::format("{}-{}", arm.name, seed.seed);
  const auto found = std::ranges::find(run.ranks.columns, column, &RanksColumn::name);
  INPUT_CHECK(found != run.ranks.columns.end(), run.name, ": ranks.tsv has no column ", column,
              ", but results.json has it; hint: evaluate this run again");
  std::vector<int64_t> ranks;
  for (const size_t row : rows) ranks.push_back(found->ranks[row]);
  return {run.name + "/" + arm.name, seed.seed, {}, gains(ranks, {10}), seed.doubt};
}

bool is_seedless(const std::string& arm) { return arm.ends_with("/popularity"); }

std::string seeds_text(const std::vector<SeedSummary>& seeds) {
  std::vector<uint64_t> numbers;
  for (const SeedSummary& seed : seeds) numbers.push_back(seed.seed);
  return fmt::format("{}", fmt::join(numbers, ", "));
}

std::string chosen_baseline(const Results& results, const RankedRun& first, const std::string& given) {
  if (given.empty())
    return first.name + "/" +
           (first.results.find(first.results.baseline) ? first.results.baseline : first.results.arms[0].name);
  std::vector<std::string> names;
  for (const Arm& arm : results.arms) names.push_back(arm.name);
  INPUT_CHECK(std::ranges::count(names, given), "baseline: found '", given, "'; expected one of ",
              fmt::format("{}", fmt::join(names, ", ")));
  return given;
}

}  // namespace

RankedRun read_ranked_run(const nn::Path& folder) {
  RankedRun run{folder.string(), {}, {}, ranking_of(Manifest(folder).fingerprint_of("evaluate")), {}};
  const auto results = ResultsFile(folder).read().results;
  INPUT_CHECK(results, folder.string(), ": results.json has no results; hint: evaluate this run again");
  run.results = *results;
  run.ranks = read_ranks(folder / "ranks.tsv");
  for (const ArmSummary& arm : run.results.arms) {
    for (const SeedSummary& seed : arm.seeds) {
      const Job job{arm.name, seed.seed};
      if (arm.name != "popularity" && std::filesystem::exists(folder / job.file()))
        run.trainings.emplace(job.name(), trained_from(folder / job.file()));
    }
  }
  return run;
}

Results joined_results(const std::vector<RankedRun>& runs, const std::string& baseline) {
  Results results;
  results.arm = "run/start";
  results.unit = "user";
  results.measures = measure_names({10});
  for (const RankedRun& run : runs) check_same_ranking(runs.at(0), run);
  const std::vector<std::string> units = common_units(runs);
  size_t longest = 0;
  for (const RankedRun& run : runs) {
    const std::vector<size_t> rows = rows_of(run, units);
    for (const ArmSummary& arm : run.results.arms) {
      results.arms.push_back({run.name + "/" + arm.name, arm.meaning, arm.is_the_method});
      longest = std::max(longest, results.arms.back().name.size());
      for (const SeedSummary& seed : arm.seeds) results.rows.push_back(row_of(run, arm, seed, rows));
    }
  }
  results.headline = {"HR@10", "NDCG@10"};
  if (longest > kNameBesideTwoMeasures) results.headline = {"NDCG@10"};
  results.baseline = chosen_baseline(results, runs[0], baseline);
  results.note = "reach: epochs until the baseline's best validation";
  add_facts(results, runs, results.baseline);
  return results;
}

void add_facts(Results& results, const std::vector<RankedRun>& runs, const std::string& baseline) {
  std::map<std::string, Trained> trainings;  // by RUN/ARM-SEED
  for (const RankedRun& run : runs) {
    for (const auto& [name, trained] : run.trainings) trainings.emplace(run.name + "/" + name, trained);
  }
  results.facts = {"epochs", "reach"};
  for (ResultRow& row : results.rows) {
    const auto own = trainings.find(Job{row.arm, row.seed}.name()),
               other = trainings.find(Job{baseline, row.seed}.name());
    const bool known = own != trainings.end(), compared = known && other != trainings.end();
    row.facts = {known ? double(own->second.epochs) : NAN,
                 compared ? epoch_that_reaches(other->second.best(), own->second) : NAN};
  }
}

Summary paired(const Results& joined) {
  std::vector<std::string> seedless;
  for (const Arm& arm : joined.arms) {
    if (is_seedless(arm.name)) seedless.push_back(arm.name);
  }
  return summarise(joined, seedless);
}

std::vector<std::string> pairing_notes(const Summary& summary) {
  std::vector<std::string> notes;
  const ArmSummary* baseline = summary.find(summary.baseline);
  if (!baseline || is_seedless(baseline->name)) return notes;
  for (const ArmSummary& arm : summary.arms) {
    if (arm.name == baseline->name || is_seedless(arm.name)) continue;
    std::vector<SeedSummary> common = arm.seeds;
    std::erase_if(common, [&](const SeedSummary& seed) {
      return !std::ranges::count(baseline->seeds, seed.seed, &SeedSummary::seed);
    });
    if (common.size() == arm.seeds.size() && common.size() == baseline->seeds.size()) continue;
    notes.push_back(fmt::format(
        "{}: seeds {}, baseline {}: {}", arm.name, seeds_text(arm.seeds), seeds_text(baseline->seeds),
        common.empty() ? "no paired difference" : "paired over " + seeds_text(common)));
  }
  return notes;
}

std::string comparison_text(const std::vector<RankedRun>& runs, const std::string& baseline) {
  const Summary summary = paired(joined_results(runs, baseline));
  std::vector<std::string> counts;
  for (const RankedRun& run : runs) counts.push_back(fmt::format("{} {}", run.name, run.ranks.units.size()));
  std::string text = fmt::format("{} in all runs, of: {}\n", counted(summary.parts[0].units, "user"),
                                 fmt::join(counts, ", ")) +
                     summary_table(summary);
  for (const std::string& note : pairing_notes(summary)) text += wrapped(note, 2) + "\n";
  return text;
}

}  // namespace p2rec
