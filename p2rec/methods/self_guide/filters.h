// The filters of SELF-GUIDE, each a function of only the texts. tests/fixtures/make_self_guide.py has the
// same rules in Python.
//
//   length       |length(x) - mu| <= 2 sigma    mu, sigma of the lengths of the examples
//   consensus    count(y) / m >= share    y the most frequent of the m outputs of an input
//   balance      kept(y) = min over labels of count(label)    of each label y, its first examples
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace p2rec {

// Lengths in characters of UTF-8.
struct LengthLimits {
  double low = 0, high = 0;  // both ends included
  bool holds(const std::string& text) const;
};
// sigma is the root of the mean square (over n).
LengthLimits length_limits(const std::vector<std::string>& examples);

// True if the text has a phrase with which an assistant begins an answer ("Of course!", the 14 phrases of the
// authors' code), or a word of the prompt's form ("Input:").
bool is_noise(const std::string& text);

// The most frequent of several outputs, or none. Of equally frequent ones the shortest in bytes, then the
// first.
std::optional<std::string> consensus(const std::vector<std::string>& outputs, double share);

// The first of the labels that the output contains.
std::optional<std::string> label_in(const std::string& output, const std::vector<std::string>& labels);

// Marks the examples to keep: the first ones of each label that occurs.
std::vector<bool> balanced(const std::vector<std::string>& labels);

}  // namespace p2rec
