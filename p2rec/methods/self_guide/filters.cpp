#include "p2rec/methods/self_guide/filters.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "autograd/check.h"
#include "nn/io/text.h"

namespace p2rec {
namespace {

const std::array kNoise = {"Sure, I'd be happy to help!",
                           "Of course!",
                           "Let me check on that.",
                           "I'm here to help.",
                           "Great question!",
                           "Let me see.",
                           "That's a good question.",
                           "Thanks for asking.",
                           "Let me help you with that.",
                           "No problem, here's the answer.",
                           "I'm glad you asked.",
                           "Alright, let me explain.",
                           "Absolutely!",
                           "I understand your question.",
                           "Input:",
                           "Output:"};  // the last two are ours

double characters(const std::string& text) {
  return static_cast<double>(std::ranges::count_if(text, nn::begins_character));
}

}  // namespace

bool LengthLimits::holds(const std::string& text) const {
  const double length = characters(text);
  return length >= low && length <= high;
}

LengthLimits length_limits(const std::vector<std::string>& examples) {
  AG_CHECK(!examples.empty(), "length_limits: there are no examples");
  const auto n = static_cast<double>(examples.size());
  double mean = 0, squares = 0;
  for (const std::string& text : examples) mean += characters(text) / n;
  for (const std::string& text : examples) squares += std::pow(characters(text) - mean, 2);
  const double reach = 2 * std::sqrt(squares / n);
  return {mean - reach, mean + reach};
}

bool is_noise(const std::string& text) {
  return std::ranges::any_of(kNoise, [&](const char* phrase) { return text.find(phrase) != text.npos; });
}

std::optional<std::string> consensus(const std::vector<std::string>& outputs, double share) {
  std::map<std::string, int64_t> count;
  for (const std::string& output : outputs) ++count[output];
  const std::string* best = nullptr;
  for (const std::string& output : outputs) {  // in this order, so that of equal ones the first stays
    const int64_t own = count[output], other = best ? count[*best] : 0;
    if (own > other || (own == other && output.size() < best->size())) best = &output;
  }
  if (!best || static_cast<double>(count[*best]) < share * static_cast<double>(outputs.size()))
    return std::nullopt;
  return *best;
}

std::optional<std::string> label_in(const std::string& output, const std::vector<std::string>& labels) {
  for (const std::string& label : labels) {
    if (output.find(label) != output.npos) return label;
  }
  return std::nullopt;
}

std::vector<bool> balanced(const std::vector<std::string>& labels) {
  std::map<std::string, int64_t> count, kept;
  for (const std::string& label : labels) ++count[label];
  int64_t rarest = std::ssize(labels);
  for (const auto& [label, n] : count) rarest = std::min(rarest, n);
  std::vector<bool> keep;
  for (const std::string& label : labels) keep.push_back(kept[label]++ < rarest);
  return keep;
}

}  // namespace p2rec
