// Text to token ids and back.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace models {

class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  // Recognises special tokens written in the text ("<|im_start|>") and adds none. Any bytes are taken: what
  // is not valid UTF-8 becomes tokens byte by byte. May be called from several threads at the same time.
  virtual std::vector<int32_t> encode(std::string_view text) const = 0;

  // The bytes of the tokens one after the other, special tokens as they are written. A token may end inside a
  // character, so a part of a text need not be valid UTF-8. Throws ag::Error for an unknown id.
  virtual std::string decode(std::span<const int32_t> ids) const = 0;

  virtual int64_t vocabulary() const = 0;                  // ids are 0 .. vocabulary() - 1
  virtual std::optional<int32_t> end_of_text() const = 0;  // the token at which generation stops
};

}  // namespace models
