// Published figures beside those of this program: `p2rec rows`, `make rows`.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "p2rec/evaluation/ranked_users.h"
#include "p2rec/evaluation/ranking.h"

namespace p2rec {

struct PublishedFigure {
  Measure measure;
  int cutoff;
  double value;
};

struct PublishedRow {
  std::string name;                      // of its configuration: NAME.toml
  std::string data;                      // the data set's folder
  double share = 0;                      // of the published figure that must be reached
  std::vector<PublishedFigure> figures;  // none: nothing is published for this configuration
  std::string source;
};

// Tab-separated columns: row, data, share, HR@5, NDCG@5, HR@10, NDCG@10 ("-" where nothing is published),
// source. Throws ag::InputError naming the file and the line.
std::vector<PublishedRow> read_published_rows(const nn::Path& file);

// One figure of a row. It holds when the mean over the seeds is at least `share` of what is published, or at
// most two standard errors below it.
struct ComparedFigure {
  PublishedFigure published;
  double mean = 0, spread = 0;  // over the seeds; the spread with n - 1, NaN of a single one
  double standard_error = 0;    // of the mean: how far another draw of as many users would lead
  bool holds = false;
};
ComparedFigure compare(const PublishedFigure& published, double share, const std::vector<RanksColumn>& ours);

// Prints every row of PUBLISHED with what FOLDER/ROW/ranks.tsv says; a row without that file was not run.
void print_rows(const nn::Path& published, const nn::Path& folder, std::ostream& out);

}  // namespace p2rec
