// The results of every method: compared arms, each with several seeds, and one number per unit (a user, an
// example) and measure. Statistics, tables and reports use only these.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace p2rec {

// --- means over seeds, and paired differences with bootstrap intervals -------------------------------------

struct Estimate {
  double mean = 0;
  double std = 0;  // over the seeds, with n - 1; NaN for one seed
};
Estimate estimate(const std::vector<double>& values);

// The paired difference between an arm and the baseline: same seeds, same units.
struct Difference {
  double mean = 0;
  double low = 0, high = 0;  // 95 % of the bootstrap samples over seeds and units
  // The smallest true difference that these seeds can show: t(0.975, n-1) * standard error over seeds.
  double resolvable = 0;
};

using UnitValues = std::vector<std::vector<double>>;  // (measures, units)

// One difference per measure. ours[s] and baseline[s] have the same seed and the same units.
std::vector<Difference> differences(const std::vector<UnitValues>& ours,
                                    const std::vector<UnitValues>& baseline);

// --- results -----------------------------------------------------------------------------------------------

struct Arm {
  std::string name;            // "p2rec_shuffled"
  std::string meaning = "";    // for a reader
  bool is_the_method = false;  // the others are controls
};

// A subset of the units, whose results are also shown separately.
struct Split {
  std::string name, meaning;
  std::vector<size_t> members;  // indices of units, ascending
};

// The names and strings of a comparison.
struct Comparison {
  std::string about;                  // for a reader: what is compared, and how it is measured
  std::string arm = "arm";            // the word for an arm: "start"
  std::string unit = "unit";          // the word for a unit: "user"
  std::vector<std::string> measures;  // "HR@5", ...; more is better
  std::vector<std::string> headline;  // the measures that tables show; the last one is the main one
  std::vector<std::string> facts;     // further numbers per row: "epochs", ...; tables show the first two
  std::string note = {};              // for a reader: what the facts mean
  std::string baseline;               // the arm that the others are compared with; empty: none

  size_t index_of(const std::string& measure) const;  // ag::Error if there is no such measure
  size_t main_measure() const { return index_of(headline.back()); }
};

// One seed of an arm. A missing fact is NaN.
struct ResultRow {
  std::string arm;
  uint64_t seed = 0;
  std::vector<double> facts;
  UnitValues values;       // (measures, units)
  std::string doubt = {};  // why a verdict must not use it, and what to do; empty: no doubt
};

struct Results : Comparison {
  std::vector<Arm> arms;  // in the order of tables
  std::vector<Split> splits;
  std::vector<ResultRow> rows;
};

// --- summaries ---------------------------------------------------------------------------------------------

// All units, or a split.
struct UnitPart {
  std::string name, meaning;
  int64_t units = 0;
};

struct SeedSummary {
  uint64_t seed = 0;
  std::vector<double> facts;
  std::string doubt;
  std::vector<std::vector<double>> means;  // over units: (parts, measures)
};

struct ArmSummary : Arm {
  std::vector<double> facts;                   // means over the seeds that have them; NaN: no seed has it
  std::vector<std::vector<Estimate>> metrics;  // (parts, measures)
  std::vector<std::vector<Difference>>
      differences;  // to the baseline: (parts, measures); empty: not compared
  std::vector<SeedSummary> seeds;
};

struct Summary : Comparison {
  std::vector<UnitPart> parts;  // first "all", then the splits
  std::vector<ArmSummary> arms;

  const ArmSummary* find(const std::string& arm) const;  // null if there is none
};

// The verdict on a paired difference to the baseline. Better, Worse: the interval over units and seeds
// excludes 0, and the difference is at least `resolvable`.
enum class Verdict : uint8_t { Better, Worse, NoDifference, OneSeed, InDoubt };
// The verdict on a compared arm, by the main measure over all units.
Verdict verdict_of(const Summary& summary, const ArmSummary& arm);
const char* text_of(Verdict verdict);  // "better"

// The mean of a fact over the seeds that have it: "12";
// "12(2/3)" if two of three have it; "-" if none has it.
std::string fact_text(const ArmSummary& arm, size_t fact);
// The note below a table. It also says what "(2/3)" means, if an arm has such a fact.
std::string note_of(const Summary& summary);

// One line per doubt, with its seeds; empty without doubts.
std::vector<std::string> doubts_of(const Summary& summary);

// Compares an arm with the baseline if both have the same seeds in the same order. Throws ag::Error if a row
// has other units or measures than the rest, or if an arm has a seed twice.
Summary summarise(const Results& results);

// The same over the seeds that both have, if there are any, for runs with different seeds. The one row of an
// arm in `seedless` stands for every seed.
Summary summarise(const Results& results, const std::vector<std::string>& seedless);

// A table for the terminal, one line per arm, at most 80 columns wide with two measures; facts that do not
// fit are in a second table; then the doubts.
std::string summary_table(const Summary& summary);
// The same table, then one per split with its meaning.
std::string splits_text(const Summary& summary);

}  // namespace p2rec
