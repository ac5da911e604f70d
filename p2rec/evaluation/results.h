// The results of every method: arms that are compared, each with several seeds, and one number for each unit
// (a user, an example) and measure. Statistics, tables and reports work on these and on nothing else.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace p2rec {

// --- means over seeds, and paired differences with bootstrap intervals -------------------------------------

struct Estimate {
  double mean = 0;
  double std = 0;  // over the seeds, with n - 1; NaN of a single one
};
Estimate estimate(const std::vector<double>& values);

// The paired difference of an arm to the baseline: same seeds, same units.
struct Difference {
  double mean = 0;
  double low = 0, high = 0;  // 95% of bootstrap samples that draw seeds and units
  // The smallest true difference that this many seeds would show: t(0.975, n-1) * standard error over seeds.
  double resolvable = 0;
};

using UnitValues = std::vector<std::vector<double>>;  // (measures, units)

// Per measure. ours[s] and baseline[s] are of the same seed and the same units.
std::vector<Difference> differences(const std::vector<UnitValues>& ours,
                                    const std::vector<UnitValues>& baseline);

// --- results -----------------------------------------------------------------------------------------------

struct Arm {
  std::string name;            // "p2rec_shuffled"
  std::string meaning = "";    // for a reader
  bool is_the_method = false;  // the others are controls
};

// Some of the units, whose results are also shown separately.
struct Split {
  std::string name, meaning;
  std::vector<size_t> members;  // indices of units, ascending
};

// The vocabulary of a comparison.
struct Comparison {
  std::string about;                  // for a reader: what is compared, and how it is measured
  std::string arm = "arm";            // what an arm is called: "start"
  std::string unit = "unit";          // and a unit: "user"
  std::vector<std::string> measures;  // "HR@5", ...; more is better
  std::vector<std::string> headline;  // the measures that tables show; the last one is the main one
  std::vector<std::string> facts;     // what else each row tells: "epochs", ...; tables show the first two
  std::string note = {};              // for a reader: what the facts mean
  std::string baseline;               // the arm that the others are compared with; empty: none

  size_t index_of(const std::string& measure) const;  // ag::Error if there is no such measure
  size_t main_measure() const { return index_of(headline.back()); }
};

// One seed of an arm. A fact that there is not is NaN.
struct ResultRow {
  std::string arm;
  uint64_t seed = 0;
  std::vector<double> facts;
  UnitValues values;       // (measures, units)
  std::string doubt = {};  // why no verdict may rest on it, and what to do; empty: none
};

struct Results : Comparison {
  std::vector<Arm> arms;  // in the order of tables
  std::vector<Split> splits;
  std::vector<ResultRow> rows;
};

// --- what follows from them --------------------------------------------------------------------------------

// All units, or a split.
struct UnitPart {
  std::string name, meaning;
  int64_t units = 0;
};

struct SeedSummary {
  uint64_t seed = 0;
  std::vector<double> facts;
  std::string doubt;
  std::vector<std::vector<double>> means;  // over the units: (parts, measures)
};

struct ArmSummary : Arm {
  std::vector<double> facts;                         // means over the seeds that have them; NaN: none has
  std::vector<std::vector<Estimate>> metrics;        // (parts, measures)
  std::vector<std::vector<Difference>> differences;  // to the baseline, the same; empty: not compared
  std::vector<SeedSummary> seeds;
};

struct Summary : Comparison {
  std::vector<UnitPart> parts;  // first "all", then the splits
  std::vector<ArmSummary> arms;

  const ArmSummary* find(const std::string& arm) const;  // null if there is none
};

// What a paired difference to the baseline shows. Better and worse: the interval over units and seeds excludes
// zero, and the difference is as large as the seeds resolve.
enum class Verdict : uint8_t { Better, Worse, NoDifference, OneSeed, InDoubt };
// Of a compared arm, by the main measure over all units.
Verdict verdict_of(const Summary& summary, const ArmSummary& arm);
const char* text_of(Verdict verdict);  // "better"

// The mean of a fact over the seeds that have it: "12", "12(2/3)" if only two of three do, "-" if none does.
std::string fact_text(const ArmSummary& arm, size_t fact);

// A line for each doubt and the seeds that it concerns; empty without doubts.
std::vector<std::string> doubts_of(const Summary& summary);

// An arm is compared with the baseline if both have the same seeds in the same order. Throws ag::Error if
// rows have other units or measures than the rest, or a seed of an arm comes twice.
Summary summarise(const Results& results);

// A table for a person: a line for each arm, at most 80 columns wide with two measures; then its doubts.
std::string summary_table(const Summary& summary);
// That table, and below it one for each split, with its meaning.
std::string splits_text(const Summary& summary);

}  // namespace p2rec
