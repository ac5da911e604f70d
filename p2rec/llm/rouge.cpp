#include "p2rec/llm/rouge.h"

#include <algorithm>
#include <cstdint>

namespace p2rec {

std::vector<std::string> rouge_words(std::string_view text) {
  std::vector<std::string> words;
  bool inside = false;
  for (char c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    const bool part = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (part && !inside) words.emplace_back();
    if (part) words.back() += c;
    inside = part;
  }
  return words;
}

double rouge_l(const std::vector<std::string>& expected, const std::vector<std::string>& found) {
  // longest[j]: the longest common subsequence of the words of `expected` so far and the first j of `found`
  std::vector<int64_t> longest(found.size() + 1, 0);
  for (const std::string& word : expected) {
    int64_t diagonal = 0;  // longest[j - 1] before this word
    for (size_t j = 1; j <= found.size(); ++j) {
      const int64_t above = longest[j];
      longest[j] = word == found[j - 1] ? diagonal + 1 : std::max(above, longest[j - 1]);
      diagonal = above;
    }
  }
  const auto common = static_cast<double>(longest.back());
  return common == 0 ? 0 : 2 * common / static_cast<double>(expected.size() + found.size());
}

}  // namespace p2rec
