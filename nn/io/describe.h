// How a configuration struct describes itself, once, for everything that reads or writes options: the command
// line and its help, TOML files, fingerprints and reports are visitors of the same description.
//
//   struct KMeansConfig { int64_t groups = 20; bool normalize = true; };
//   void describe(KMeansConfig& c, const nn::Visit& visit) {
//     visit({"groups", "number of groups, K", nn::at_least(2)}, &c.groups);
//     visit({"normalize", "k-means on rows of unit length"}, &c.normalize);
//   }
//
// A default value is the one that the struct has; an option is added by a field and a line of describe().
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

// Which numbers an option accepts; for a list, each of its elements.
struct Range {
  double low = -INFINITY, high = INFINITY;
  bool above_low = false, below_high = false;  // the end itself is not accepted
  bool holds(double x) const {
    return x >= low && x <= high && !(above_low && x == low) && !(below_high && x == high);
  }
};
constexpr double kLargestSize = 1e9;  // far above every sensible size, and far below what would overflow
constexpr Range kAny{};
constexpr Range kPositive{0, INFINITY, true, true};  // and finite
constexpr Range kShare{0, 1, false, true};           // [0,1)
constexpr Range kInside{0, 1, true, true};           // (0,1)
constexpr Range at_least(double low) { return {low, kLargestSize}; }
constexpr Range between(double low, double high) { return {low, high}; }

// What a description says of one option.
struct Option {
  std::string name;  // "max-length": after "--" on the command line, and the key in a TOML file
  std::string help;
  Range range = kAny;                     // of a number
  std::vector<std::string> choices = {};  // of a string, or of each element of a list; empty: any string
  // Not empty: the value is a path, unless it is this word; a fingerprint takes the file's content.
  std::string builtin = {};
};

// The field that holds an option's value.
using Field = std::variant<bool*, int*, int64_t*, uint64_t*, double*, std::string*, std::vector<int>*,
                           std::vector<uint64_t>*, std::vector<std::string>*>;

using Visit = std::function<void(const Option&, Field)>;

// An enum as an option, visited as the name of its value. Throws ag::Error if the visitor leaves another
// string.
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
