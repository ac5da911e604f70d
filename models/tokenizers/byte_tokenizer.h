// The tokenizer of the tiny model that is trained from scratch: a token per byte, and one that ends a text.
#pragma once

#include "models/tokenizers/tokenizer.h"

namespace models {

class ByteTokenizer : public Tokenizer {
 public:
  static constexpr int32_t kEnd = 256;
  static constexpr std::string_view kEndText = "<|endoftext|>";  // how the end token is written in a text

  std::vector<int32_t> encode(std::string_view text) const override;
  std::string decode(std::span<const int32_t> ids) const override;
  int64_t vocabulary() const override { return kEnd + 1; }
  std::optional<int32_t> end_of_text() const override { return kEnd; }
};

}  // namespace models
