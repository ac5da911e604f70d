// Text to token ids and back.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace models {

// What a file says of the tokens that are no text.
struct SpecialTokens {
  std::vector<int32_t> before, after;  // of every text: "<s>" before it, say
  std::vector<int32_t> ends;           // generation stops at each of them; the first one ends a text
};

class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  // Recognises special tokens written in the text ("<|im_start|>") and adds none. Any bytes are taken: what
  // is not valid UTF-8 becomes tokens byte by byte. May be called from several threads at the same time.
  virtual std::vector<int32_t> encode(std::string_view text) const = 0;
  // The same between the tokens that the file puts before and after every text.
  std::vector<int32_t> encode_whole(std::string_view text) const {
    std::vector<int32_t> ids = special_.before;
    for (const auto& more : {encode(text), special_.after}) ids.insert(ids.end(), more.begin(), more.end());
    return ids;
  }
  const SpecialTokens& special() const { return special_; }
  void add_no_special_tokens() { special_.before.clear(), special_.after.clear(); }

  // The bytes of the tokens one after the other, special tokens as they are written. A token may end inside a
  // character, so a part of a text need not be valid UTF-8. Throws ag::Error for an unknown id.
  virtual std::string decode(std::span<const int32_t> ids) const = 0;

  virtual int64_t vocabulary() const = 0;  // ids are 0 .. vocabulary() - 1; some may have no token

 protected:
  explicit Tokenizer(SpecialTokens special) : special_(std::move(special)) {}
  SpecialTokens special_;
};

}  // namespace models
