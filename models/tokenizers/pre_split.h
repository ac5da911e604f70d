// The rules by which a byte-level BPE tokenizer cuts a text into words before it merges inside them. A GGUF
// file names its rule under "tokenizer.ggml.pre"; a tokenizer.json contains the pattern.
//
// PCRE2's Unicode tables (14.0 in PCRE2 10.42) say which characters are letters or
// numerals; newer characters are neither.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace models {

struct PreSplitRule {
  std::vector<std::string> names;  // values of tokenizer.ggml.pre; the first is the usual one
  std::string pattern;             // the regular expression of a word, as in a tokenizer.json
  bool digits_first;               // each numeric character is cut out before the pattern is used
  // Further properties of the family, for a GGUF file, which gives only the name:
  bool ignore_merges = false;  // a word that is a token becomes that token, without merging
  bool adds_bos = false;       // a beginning-of-text token is put before every text, as in llama.cpp
  bool nfc = false;            // the text is first converted to Unicode's normal form C
};

// The supported rules:
//   gpt-2      words are contractions; runs of letters, of numerals or of other characters, each with at most
//              one space before it; and spaces (the last space before a word belongs to the word)
//   smollm     as gpt-2, with each digit by itself
//   llama-bpe  (Llama 3) contractions in any case; letters with one other character before them; up to three
//              digits; punctuation with the line ends after it
//   qwen2      as llama-bpe, with each digit by itself
const std::vector<PreSplitRule>& pre_split_rules();

// The rule with this name of tokenizer.ggml.pre. Throws ag::InputError,
// beginning with `file`, for an unknown name.
const PreSplitRule& pre_split_rule(const std::string& name, const std::string& file);

class PreSplit {
 public:
  explicit PreSplit(const PreSplitRule& rule);
  ~PreSplit();

  // Calls use(word) for every word in order; the words together are the text. A byte that is not valid UTF-8
  // is a separate word and ends the word before it. Thread-safe.
  void words(std::string_view text, const std::function<void(std::string_view)>& use) const;

 private:
  class Pattern;
  void words_between_digits(std::string_view valid, const std::function<void(std::string_view)>& use) const;

  std::unique_ptr<Pattern> digit_;  // null unless digits_first
  std::unique_ptr<Pattern> word_;
};

}  // namespace models
