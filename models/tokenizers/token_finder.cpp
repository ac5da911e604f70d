#include "models/tokenizers/token_finder.h"

#include <algorithm>

#include "autograd/check.h"

namespace models {

TokenFinder::TokenFinder(const std::vector<std::pair<std::string, int32_t>>& tokens) {
  for (const auto& [text, id] : tokens) {
    AG_CHECK(!text.empty(), "TokenFinder: token ", id, " is empty");
    tokens_[static_cast<uint8_t>(text[0])].push_back({text, id});
  }
  for (auto& list : tokens_) {
    std::stable_sort(list.begin(), list.end(),
                     [](const Token& a, const Token& b) { return a.text.size() > b.text.size(); });
  }
}

const TokenFinder::Token* TokenFinder::token_at(std::string_view text) const {
  for (const Token& token : tokens_[static_cast<uint8_t>(text[0])]) {
    if (text.starts_with(token.text)) return &token;
  }
  return nullptr;
}

}  // namespace models
