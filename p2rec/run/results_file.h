// results.json: what a run found and what it cost. The report and `p2rec results` are made from it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "nn/io/files.h"
#include "nn/io/json_fwd.h"
#include "p2rec/data/interactions.h"
#include "p2rec/evaluation/results.h"

namespace p2rec {

struct DataCounts {
  int64_t users = 0, items = 0, interactions = 0;
  // How many users have 0, 1, 2 to 3, 4 to 7, ... interactions, and how many items as many in the training parts.
  std::vector<int64_t> lengths = {}, popularity = {};
};
DataCounts counts_of(const Interactions& data);

struct StageRecord {
  std::string name;
  double seconds = 0, peak_rss_mib = 0;
  int64_t tokens = 0;
};

// What the file holds. Of an unfinished run some of it is empty.
struct RunResults {
  std::optional<DataCounts> data;
  std::vector<StageRecord> stages;
  std::map<std::string, std::string> sections;  // by stage: what it found, as JSON
  std::optional<Summary> results;
  std::string evaluated_by;  // the stage that made the results
};

// The file. Every call that changes it reads it and writes it whole.
class ResultsFile {
 public:
  explicit ResultsFile(const nn::Path& folder);
  // Empty if there is no file yet; throws ag::InputError if this program did not write it. A number that was
  // not finite when it was written is NaN.
  RunResults read() const;
  void set_data(const DataCounts& data) const;
  void set_stage(const StageRecord& stage) const;  // replaces the stage's record, but not its section
  // What the stage found, for its section of the report.
  void set_section(const std::string& stage, const nn::OrderedJson& section) const;
  void set_results(const std::string& stage, const Summary& summary) const;  // made by the stage
  double seconds_of(const std::string& stage) const;                         // 0 if there is no record
  void remove(const std::vector<std::string>& stages) const;  // their records, sections and results

 private:
  nn::Path path_;
};

}  // namespace p2rec
