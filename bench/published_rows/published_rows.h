// Compares published results with those of this program: `make rows`.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "p2rec/evaluation/ranked_users.h"
#include "p2rec/evaluation/ranking.h"

namespace bench {

struct PublishedFigure {
  p2rec::Measure measure;
  int cutoff;
  double value;
};

struct PublishedRow {
  std::string name;                      // of its configuration: NAME.toml
  std::string data;                      // the data set's folder
  double share = 0;                      // the share of a published figure that must be reached
  std::vector<PublishedFigure> figures;  // empty: nothing is published for this configuration
  std::string source;
};

// Tab-separated columns: row, data, share, HR@5, NDCG@5, HR@10, NDCG@10 ("-" if nothing is published),
// source. Throws ag::InputError, which names the file and the line.
std::vector<PublishedRow> read_published_rows(const nn::Path& file);

// One figure of a row. It holds if the mean over the seeds is at least `share` of the published figure, or at
// most two standard errors below it.
struct ComparedFigure {
  PublishedFigure published;
  double mean = 0, spread = 0;  // over seeds; the spread is the standard deviation (n - 1), NaN for one seed
  double standard_error = 0;    // of the mean over users
  bool holds = false;
};
ComparedFigure compare(const PublishedFigure& published, double share,
                       const std::vector<p2rec::RanksColumn>& ours);

// Prints every row of `published` with the metrics from folder/ROW/ranks.tsv; a row without
// that file was not run.
void print_rows(const nn::Path& published, const nn::Path& folder, std::ostream& out);

}  // namespace bench
