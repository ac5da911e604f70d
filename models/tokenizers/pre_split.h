// How a byte-level BPE tokenizer cuts a text into words before it merges inside them. A GGUF file names its
// way under "tokenizer.ggml.pre"; a tokenizer.json writes the pattern out.
//
// What a letter or a numeral is comes from PCRE2's Unicode tables (14.0 in PCRE2 10.42): newer characters
// count as neither.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace models {

struct PreSplitRule {
  std::vector<std::string> names;  // of tokenizer.ggml.pre; the first one is the usual one
  std::string pattern;             // what a word is, as a tokenizer.json writes it
  bool digits_first;               // numeric characters are cut out one by one before the pattern is used
  // What else belongs to the family where a GGUF file gives only the name:
  bool ignore_merges = false;  // a word that is a token becomes it at once
  bool adds_bos = false;       // the beginning-of-text token before every text, as in llama.cpp
  bool nfc = false;            // the text is brought into Unicode's normal form C first
};

// gpt-2: contractions; letters, numerals or other characters with at most one space before them; spaces, the
// last one before a word left to the word. smollm: the same between digits. llama-bpe (Llama 3), qwen2: any
// case of contractions, one non-letter before letters, digits in threes or one by one, line ends with the
// punctuation before them.
const std::vector<PreSplitRule>& pre_split_rules();

// The one that tokenizer.ggml.pre names. Throws ag::InputError, beginning with `file`, for another name.
const PreSplitRule& pre_split_rule(const std::string& name, const std::string& file);

class PreSplit {
 public:
  explicit PreSplit(const PreSplitRule& rule);
  ~PreSplit();

  // Calls use(word) for every word in order; together they are the text. A byte that is not part of valid
  // UTF-8 is a word of its own, and ends the word before it. Thread-safe.
  void words(std::string_view text, const std::function<void(std::string_view)>& use) const;

 private:
  class Pattern;
  void words_between_digits(std::string_view valid, const std::function<void(std::string_view)>& use) const;

  std::unique_ptr<Pattern> digit_;  // null where digits are not set apart
  std::unique_ptr<Pattern> word_;
};

}  // namespace models
