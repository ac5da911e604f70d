// The tokenizer of the tiny model that is trained from scratch: one token per byte, and an end token.
#pragma once

#include "autograd/check.h"
#include "models/tokenizers/tokenizer.h"

namespace models {

class ByteTokenizer : public Tokenizer {
 public:
  static constexpr int32_t kEnd = 256;
  static constexpr std::string_view kEndText = "<|endoftext|>";  // the end token in a text

  ByteTokenizer() : Tokenizer({{}, {}, {kEnd}}) {}

  std::vector<int32_t> encode(std::string_view text) const override {
    std::vector<int32_t> ids;
    while (!text.empty()) {
      const bool end = text.starts_with(kEndText);
      ids.push_back(end ? kEnd : static_cast<uint8_t>(text[0]));
      text.remove_prefix(end ? kEndText.size() : 1);
    }
    return ids;
  }
  std::string decode(std::span<const int32_t> ids) const override {
    std::string text;
    for (const int32_t id : ids) {
      AG_CHECK(id >= 0 && id <= kEnd, "decode: token ", id, " is not in the vocabulary of ", vocabulary());
      text += id == kEnd ? std::string(kEndText) : std::string(1, static_cast<char>(id));
    }
    return text;
  }
  int64_t vocabulary() const override { return kEnd + 1; }
};

}  // namespace models
