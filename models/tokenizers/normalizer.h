// The normalisation of a text before a tokenizer cuts it into words.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace models {

struct NormalizerStep {
  enum class Kind { Nfc, Prepend, Replace };
  Kind kind;
  std::string text;  // Prepend: put before any text that is not empty; Replace: the text to search
  std::string by;    // Replace: the replacement
};

using Normalizer = std::vector<NormalizerStep>;  // applied in order

// Applies the steps. Nfc is Unicode's normal form C (UAX 15): "e" and a combining accent become one
// character. It changes only valid UTF-8; other bytes stay, and the text before and after them is normalised
// separately. The tables of utf8proc, Unicode 14.0 or later, say which characters compose.
std::string normalize(std::string_view text, const Normalizer& steps);

}  // namespace models
