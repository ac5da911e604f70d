// ROUGE-L (Lin 2004): how similar two texts are, by the longest common subsequence of their words. As the
// package rouge-score (RougeScorer(["rougeL"]), without stemming): words are the runs of a-z and 0-9 of the
// text in lower case.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace p2rec {

std::vector<std::string> rouge_words(std::string_view text);

// The F-measure 2PR / (P + R) in [0,1], P = LCS / |found|, R = LCS / |expected|; 0 if no word is common.
double rouge_l(const std::vector<std::string>& expected, const std::vector<std::string>& found);

}  // namespace p2rec
