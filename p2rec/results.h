// results.json: what a run found and what it cost, and the statistics that compare the starts.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

#include "nn/files.h"
#include "p2rec/ranking.h"

namespace p2rec {

// One trained recommender on the test targets.
struct ResultRow {
  std::string model, start;
  uint64_t seed = 0;
  int64_t epochs = 0, best_epoch = 0;
  Metrics metrics;
  std::vector<int64_t> ranks;  // per user with a target; not written, but compared user by user
};

// A metric of one start over the seeds.
struct Estimate {
  double mean = 0;
  double std = 0;  // over the seeds, with n - 1
};

// The paired difference of a start to `random`: same seeds, same users.
struct Difference {
  double mean = 0;
  double low = 0, high = 0;  // 95% of bootstrap samples that draw seeds and users
  // The smallest true difference that this many seeds would show: t(0.975, n-1) times the standard error over the seeds.
  double resolvable = 0;
};

struct StartSummary {
  std::string model, start;
  int64_t seeds = 0;
  double epochs = 0;  // mean
  std::vector<int> cutoffs;
  std::vector<Estimate> hr, ndcg;                          // per cutoff
  std::vector<Difference> hr_difference, ndcg_difference;  // per cutoff; empty without a `random` row
};

std::vector<StartSummary> summarise(const std::vector<ResultRow>& rows);

// A table for a person: a line per start, at most 80 columns wide.
std::string summary_table(const std::vector<StartSummary>& summary);

struct StageRecord {
  std::string name;
  double seconds = 0, peak_rss_mib = 0;
  int64_t tokens = 0;
};

struct ReconstructionRecord {
  double train_loss_first = 0, train_loss_last_epoch = 0;
  double heldout_loss = 0, heldout_predict_the_mean = 0, heldout_window = 0, heldout_ridge = 0;
};

// The file itself. Every call reads it, changes its part and writes it whole.
class ResultsFile {
 public:
  explicit ResultsFile(const nn::Path& folder);
  void set_data(int64_t users, int64_t items, int64_t interactions) const;
  void set_stage(const StageRecord& stage) const;     // replaces the stage's record
  double seconds_of(const std::string& stage) const;  // 0 where there is no record
  // Removes what stands under this key, "rows", or the record of this stage.
  void remove(const std::string& key) const;
  void remove_stage(const std::string& stage) const;
  void set_reconstruction(const ReconstructionRecord& record) const;
  void set_rows(const std::vector<ResultRow>& rows, const std::vector<StartSummary>& summary) const;

 private:
  nn::Path path_;
};

}  // namespace p2rec
