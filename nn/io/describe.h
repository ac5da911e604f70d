// A configuration struct describes its options once. The command line and its help, TOML files, fingerprints
// and reports are visitors of this description.
//
//   struct KMeansConfig { int64_t groups = 20; bool normalize = true; };
//   void describe(KMeansConfig& c, const nn::Visit& visit) {
//     visit({"groups", "number of groups, K", nn::at_least(2)}, &c.groups);
//     visit({"normalize", "k-means on rows of unit length"}, &c.normalize);
//   }
//
// The default value is the struct's. To add an option, add a field and a line in describe().
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "autograd/check.h"

namespace nn {

// The numbers that an option accepts; in a list, for each element.
struct Range {
  double low = -INFINITY, high = INFINITY;
  bool above_low = false, below_high = false;  // true: the bound itself is not accepted
  bool holds(double x) const {
    return x >= low && x <= high && !(above_low && x == low) && !(below_high && x == high);
  }
};
constexpr double kLargestSize = 1e9;  // far above any useful size, and far below an overflow
constexpr Range kAny{};
constexpr Range kPositive{0, INFINITY, true, true};  // (0,inf)
constexpr Range kShare{0, 1, false, true};           // [0,1)
constexpr Range kInside{0, 1, true, true};           // (0,1)
constexpr Range at_least(double low) { return {low, kLargestSize}; }
constexpr Range between(double low, double high) { return {low, high}; }

// The description of one option.
struct Option {
  std::string name;  // "max-length": after "--" on the command line, and the key in a TOML file
  std::string help;
  Range range = kAny;                     // of a number
  std::vector<std::string> choices = {};  // of a string, or of each element of a list; empty: any string
  // If not empty, the value is this word or a path; a fingerprint then includes the file's content.
  std::string builtin = {};
};

// A pointer to the field that holds an option's value.
using Field = std::variant<bool*, int*, int64_t*, uint64_t*, double*, std::string*, std::vector<int>*,
                           std::vector<uint64_t>*, std::vector<std::string>*>;

using Visit = std::function<void(const Option&, Field)>;

// An enum as an option: the visitor sees the value's name. Throws ag::Error if the visitor writes a string
// that is not a name.
template <class Enum>
void visit_choice(const Visit& visit, Option option, Enum& value,
                  const std::vector<std::pair<std::string, Enum>>& names) {
  std::string text;
  for (const auto& [name, named] : names) {
    option.choices.push_back(name);
    if (named == value) text = name;
  }
  visit(option, &text);
  for (const auto& [name, named] : names) {
    if (name == text) {
      value = named;
      return;
    }
  }
  throw ag::Error(option.name + ": there is no value named '" + text + "'");
}

}  // namespace nn
