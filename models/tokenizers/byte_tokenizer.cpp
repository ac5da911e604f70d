#include "models/tokenizers/byte_tokenizer.h"

#include "autograd/check.h"

namespace models {

std::vector<int32_t> ByteTokenizer::encode(std::string_view text) const {
  std::vector<int32_t> ids;
  while (!text.empty()) {
    const bool end = text.starts_with(kEndText);
    ids.push_back(end ? kEnd : static_cast<uint8_t>(text[0]));
    text.remove_prefix(end ? kEndText.size() : 1);
  }
  return ids;
}

std::string ByteTokenizer::decode(std::span<const int32_t> ids) const {
  std::string text;
  for (int32_t id : ids) {
    AG_CHECK(id >= 0 && id <= kEnd, "decode: token ", id, " is not in the vocabulary of ", vocabulary());
    if (id == kEnd) {
      text += kEndText;
    } else {
      text += static_cast<char>(id);
    }
  }
  return text;
}

}  // namespace models
