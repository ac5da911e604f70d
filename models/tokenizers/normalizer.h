// What a tokenizer does to a text before it cuts it into words.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace models {

struct NormalizerStep {
  enum class Kind { Nfc, Prepend, Replace };
  Kind kind;
  std::string text;  // Prepend: what to put before a text that is not empty; Replace: what to look for
  std::string by;    // Replace
};

using Normalizer = std::vector<NormalizerStep>;  // one after the other

// Nfc is Unicode's normal form C (UAX 15): "e" and a combining accent become one character. It changes valid
// UTF-8 only; other bytes stay, and the text on either side of them is normalised separately. What composes
// comes from the tables of utf8proc, 14.0 or later.
std::string normalize(std::string_view text, const Normalizer& steps);

}  // namespace models
