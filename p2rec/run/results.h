// results.json: what a run found and what it cost, and the statistics that compare the starts.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "nn/io/files.h"
#include "p2rec/evaluation/ranking.h"
#include "p2rec/evaluation/user_splits.h"

namespace p2rec {

// The metrics of some of the users (evaluation_splits.h).
struct SplitMetrics {
  std::string name;
  Metrics metrics;
};

// One trained recommender on the test targets.
struct ResultRow {
  std::string model, start;  // of starts.h; "counts" for PopRec, which starts from nothing
  uint64_t seed = 0;
  int64_t epochs = 0, best_epoch = 0;
  Metrics metrics;
  std::vector<int64_t>
      ranks;  // per ranked user; not in this file but in ranks.tsv, and compared user by user
  std::vector<SplitMetrics> splits = {};
};
// The row's metrics over its splits.
std::vector<SplitMetrics> split_metrics(const std::vector<int64_t>& ranks, const std::vector<Split>& splits,
                                        const std::vector<int>& cutoffs);

// A metric of one start over the seeds.
struct Estimate {
  double mean = 0;
  double std = 0;  // over the seeds, with n - 1; 0 of a single one
};
Estimate estimate(const std::vector<double>& values);

// The paired difference of a start to `random`: same seeds, same users.
struct Difference {
  double mean = 0;
  double low = 0, high = 0;  // 95% of bootstrap samples that draw seeds and users
  // The smallest true difference that this many seeds would show: t(0.975, n-1) times the standard error over the seeds.
  double resolvable = 0;
};

// The metrics of one start over the seeds.
struct MetricsSummary : PerMeasure<Estimate> {
  PerMeasure<Difference> difference;  // empty without a `random` row
};

struct SplitSummary : MetricsSummary {
  std::string name;
  int64_t users = 0;
};

struct StartSummary : MetricsSummary {
  std::string model, start;
  int64_t seeds = 0;
  double epochs = 0;  // mean
  std::vector<int> cutoffs;
  std::vector<SplitSummary> splits;
};

// All rows have ranks of the same users; `splits` say which of them belong together.
std::vector<StartSummary> summarise(const std::vector<ResultRow>& rows,
                                    const std::vector<Split>& splits = {});

// Where the cutoff 10 stands in the summary's metrics; ag::Error where it is not among them.
size_t place_of_cutoff_10(const std::vector<int>& cutoffs);

// A table for a person: a line per start, at most 80 columns wide.
std::string summary_table(const std::vector<StartSummary>& summary);
// That table, and below it one for each split of the users, with what the split means.
std::string splits_text(const std::vector<StartSummary>& summary);

struct DataCounts {
  int64_t users = 0, items = 0, interactions = 0;
};

// What lies in a group of items; interactions are those of the training parts.
struct GroupRecord {
  struct Item {
    std::string id, title;  // "" where the data has no title
    int64_t interactions = 0;
  };
  int64_t group = 0, items = 0, interactions = 0;
  std::vector<Item> top;  // the most frequent items, the lower index first of equals
};

struct StageRecord {
  std::string name;
  double seconds = 0, peak_rss_mib = 0;
  int64_t tokens = 0;
};

struct ReconstructionRecord {
  double train_loss_first = 0, train_loss_last_epoch = 0;
  double heldout_loss = 0, heldout_predict_the_mean = 0, heldout_window = 0, heldout_ridge = 0;
};

// What the file holds: each stage adds its part, so of an unfinished run some are empty. Rows have no ranks. A file from
// before there was MRR, or splits, has none.
struct Results {
  std::optional<DataCounts> data;
  std::vector<StageRecord> stages;
  std::vector<GroupRecord> groups;
  std::optional<ReconstructionRecord> reconstruction;
  std::vector<ResultRow> rows;
  std::vector<StartSummary> summary;
};

// The file itself. Every call of a set_ function reads it, changes its part and writes it whole.
class ResultsFile {
 public:
  explicit ResultsFile(const nn::Path& folder);
  // Empty where there is no file yet; throws ag::InputError for one that this program did not write. A number that was not
  // finite when it was written is NaN.
  Results read() const;
  void set_data(const DataCounts& data) const;
  void set_groups(const std::vector<GroupRecord>& groups) const;
  void set_stage(const StageRecord& stage) const;     // replaces the stage's record
  double seconds_of(const std::string& stage) const;  // 0 where there is no record
  // Removes what stands under these keys ("rows") and the records of these stages.
  void remove(const std::vector<std::string>& keys, const std::vector<std::string>& stages) const;
  void set_reconstruction(const ReconstructionRecord& record) const;
  void set_rows(const std::vector<ResultRow>& rows, const std::vector<StartSummary>& summary) const;

 private:
  nn::Path path_;
};

}  // namespace p2rec
