// results.json: the results and the cost of a run, from which the report and `p2rec results` are made.
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
  // The number of users with 0, 1, 2 to 3, 4 to 7, ... interactions, and of items with as many
  // training interactions.
  std::vector<int64_t> lengths = {}, popularity = {};
};
DataCounts counts_of(const Interactions& data);

struct StageRecord {
  std::string name;
  double seconds = 0, peak_rss_mib = 0;
  int64_t tokens = 0;
};

// The content of the file. For an unfinished run, parts are empty.
struct RunResults {
  std::optional<DataCounts> data;
  std::vector<StageRecord> stages;
  std::map<std::string, std::string> sections;  // by stage: its findings as JSON
  std::optional<Summary> results;
  std::string evaluated_by;  // the stage that made the results
};

// Each call that changes the file reads all of it and writes all of it.
class ResultsFile {
 public:
  explicit ResultsFile(const nn::Path& folder);
  // Empty if there is no file yet. Throws ag::InputError if this program did not write it. A number that was
  // not finite when written is NaN.
  RunResults read() const;
  void set_data(const DataCounts& data) const;
  void set_stage(const StageRecord& stage) const;  // replaces the stage's record, but not its section
  // Stores a stage's findings for its section of the report.
  void set_section(const std::string& stage, const nn::OrderedJson& section) const;
  void set_results(const std::string& stage, const Summary& summary) const;  // made by the stage
  double seconds_of(const std::string& stage) const;                         // 0 if there is no record
  void remove(const std::vector<std::string>& stages) const;  // removes their records, sections and results

 private:
  nn::Path path_;
};

}  // namespace p2rec
