// The filters of SELF-GUIDE, each a function of texts alone. tests/fixtures/make_self_guide.py has the same
// rules in Python.
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
// Within two standard deviations (with n) of the examples' mean length.
LengthLimits length_limits(const std::vector<std::string>& examples);

// True if the text has a phrase with which an assistant begins an answer ("Of course!", the 14 phrases of the
// authors' code), or a word of the prompt's form ("Input:").
bool is_noise(const std::string& text);

// The most frequent of several outputs, if its share is at least `share`. Of equally frequent ones the
// shortest in bytes, then the first.
std::optional<std::string> consensus(const std::vector<std::string>& outputs, double share);

// The first of the labels that the output contains.
std::optional<std::string> label_in(const std::string& output, const std::vector<std::string>& labels);

// Marks the examples to keep, so that every label that occurs is kept as often as the rarest one: its first
// examples.
std::vector<bool> balanced(const std::vector<std::string>& labels);

}  // namespace p2rec
