// Converts text to token ids and back.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace models {

// The tokens that are not part of a text.
struct SpecialTokens {
  std::vector<int32_t> before, after;  // put before and after every text: "<s>", for example
  std::vector<int32_t> ends;           // generation stops at any of them; the first one ends a text
};

class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  // Recognises special tokens in the text ("<|im_start|>") and adds none. The text may be any bytes: bytes
  // that are not valid UTF-8 are encoded one by one. Thread-safe.
  virtual std::vector<int32_t> encode(std::string_view text) const = 0;
  // The same, with special().before and special().after around it.
  std::vector<int32_t> encode_whole(std::string_view text) const {
    std::vector<int32_t> ids = special_.before;
    for (const auto& more : {encode(text), special_.after}) ids.insert(ids.end(), more.begin(), more.end());
    return ids;
  }
  const SpecialTokens& special() const { return special_; }
  void add_no_special_tokens() { special_.before.clear(), special_.after.clear(); }

  // The bytes of the tokens, special tokens too. A token may end inside a character, so the tokens of part of
  // a text may give invalid UTF-8. Throws ag::Error for an unknown id.
  virtual std::string decode(std::span<const int32_t> ids) const = 0;

  virtual int64_t vocabulary() const = 0;  // ids are 0 .. vocabulary() - 1; some may have no token

 protected:
  explicit Tokenizer(SpecialTokens special) : special_(std::move(special)) {}
  SpecialTokens special_;
};

}  // namespace models
