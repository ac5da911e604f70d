// How a byte-level BPE tokenizer cuts a text into words before it merges inside them. A GGUF file names its way
// under "tokenizer.ggml.pre"; the patterns are those of the Python package tokenizers.
//
// What a letter or a numeral is comes from PCRE2's Unicode tables (14.0 in PCRE2 10.42): a character that is
// newer than they are counts as neither.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace models {

// The length of the UTF-8 character at the beginning of `text`, 1 to 4; 0 where there is no valid one.
size_t utf8_length(std::string_view text);

class PreSplit {
 public:
  // `name`: "gpt-2" (or "gpt2"), GPT-2's pattern; "smollm", numeric characters one by one, then GPT-2's
  // pattern on what lies between them. Throws ag::InputError, beginning with `file`, for another name.
  PreSplit(const std::string& name, const std::string& file);
  ~PreSplit();

  // Calls use(word) for every word in order; together they are the text. A byte that is not part of valid
  // UTF-8 is a word of its own, and ends the word before it. May be called from several threads at the same
  // time.
  void words(std::string_view text, const std::function<void(std::string_view)>& use) const;

 private:
  class Pattern;
  void words_between_digits(std::string_view valid, const std::function<void(std::string_view)>& use) const;

  std::unique_ptr<Pattern> digit_;  // null where digits are not set apart
  std::unique_ptr<Pattern> word_;
};

}  // namespace models
