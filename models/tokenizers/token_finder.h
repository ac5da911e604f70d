// Finds tokens that are written out in a text ("<|im_start|>").
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace models {

constexpr int32_t kNoToken = -1;

class TokenFinder {
 public:
  TokenFinder() = default;
  explicit TokenFinder(const std::vector<std::pair<std::string, int32_t>>& tokens);  // no text is empty

  // Calls use(begin, part, id) for each part of the text in order: for a token, found from the left, the longest
  // one where several begin, with its id; for what lies between, unless it is empty, with kNoToken.
  template <class Use>
  void each_part(std::string_view text, const Use& use) const {
    size_t begin = 0;  // of the ordinary text that ends at `at`
    const auto between = [&](size_t end) {
      if (end > begin) use(begin, text.substr(begin, end - begin), kNoToken);
    };
    for (size_t at = 0; at < text.size();) {
      if (const Token* token = token_at(text.substr(at))) {
        between(at);
        use(at, text.substr(at, token->text.size()), token->id);
        begin = at += token->text.size();
      } else {
        ++at;
      }
    }
    between(text.size());
  }

 private:
  struct Token {
    std::string text;
    int32_t id;
  };
  const Token* token_at(std::string_view text) const;

  std::array<std::vector<Token>, 256> tokens_;  // by first byte, longest first
};

}  // namespace models
