#include "10_tokenizers/b_encode_by_rank.h"

#include "models/tokenizers/byte_level_bpe.h"
#include "nn/init.h"

namespace n10b = exercise::n10b;

namespace {

using n10b::Ranks, n10b::Symbols;
using Merges = std::vector<std::pair<std::string, std::string>>;

std::string text_of(const Symbols& symbols) {
  std::string text;
  for (const std::string& symbol : symbols) text += (text.empty() ? "" : "|") + symbol;
  return text;
}

Ranks ranks_of(const Merges& merges) {
  Ranks ranks;
  for (const auto& merge : merges) ranks.emplace(merge, ranks.size());
  return ranks;
}

// The library's tokens of words of the letters a to e.
class Library {
 public:
  explicit Library(const Merges& merges)
      : vocabulary_(with_tokens(merges)),
        tokenizer_(vocabulary_, models::pre_split_rule("gpt-2", "exercise 10b")) {}
  Symbols encode(const std::string& word) const {
    Symbols symbols;
    for (const int32_t id : tokenizer_.encode(word)) symbols.push_back(vocabulary_.tokens[size_t(id)]);
    return symbols;
  }

 private:
  static models::BpeVocabulary with_tokens(const Merges& merges) {
    models::BpeVocabulary vocabulary;
    vocabulary.file = "exercise 10b";
    vocabulary.tokens = {"a", "b", "c", "d", "e"};
    for (const auto& [left, right] : merges) vocabulary.tokens.push_back(left + right);
    vocabulary.merges = merges;
    return vocabulary;
  }
  models::BpeVocabulary vocabulary_;
  models::ByteLevelBpe tokenizer_;
};

// Mistake 1: merges the leftmost pair that has a rank.
Symbols leftmost_first(const std::string& word, const Ranks& ranks) {
  Symbols symbols;
  for (const char c : word) symbols.emplace_back(1, c);
  for (size_t i = 0; i + 1 < symbols.size();) {
    if (!ranks.contains({symbols[i], symbols[i + 1]})) {
      ++i;
      continue;
    }
    symbols[i] += symbols[i + 1];
    symbols.erase(symbols.begin() + std::ptrdiff_t(i) + 1);
    i = 0;
  }
  return symbols;
}

// Mistake 2: from the left, the longest token that fits.
Symbols longest_first(const std::string& word, const Ranks& ranks) {
  Symbols symbols;
  for (size_t at = 0; at < word.size(); at += symbols.back().size()) {
    std::string longest = word.substr(at, 1);
    for (const auto& [pair, rank] : ranks) {
      const std::string token = pair.first + pair.second;
      if (token.size() > longest.size() && word.compare(at, token.size(), token) == 0) longest = token;
    }
    symbols.push_back(longest);
  }
  return symbols;
}

}  // namespace

EXERCISE("10b", 3, "Encoding by rank") {
  const Merges merges{{"b", "c"}, {"a", "b"},   {"c", "d"},   {"ab", "cd"}, {"a", "a"},
                      {"d", "e"}, {"bc", "de"}, {"aa", "aa"}, {"a", "bc"},  {"e", "a"}};
  const Ranks ranks = ranks_of(merges);
  grade.part("the pair to merge next", [&] {
    const auto next = [&](const Symbols& symbols) { return int64_t(n10b::next_merge(symbols, ranks)); };
    if (!grade.equal("in a|b|c", {next({"a", "b", "c"})}, {1}))
      grade.check(next({"a", "b", "c"}) != 0, "b+c has the rank 0 and a+b the rank 1, but a+b was taken");
    if (!grade.equal("in a|a|a", {next({"a", "a", "a"})}, {0}))
      grade.check(next({"a", "a", "a"}) != 1, "of equal pairs the left one is merged first");
    grade.equal("in e|d|b, where nothing merges", {next({"e", "d", "b"})}, {3});
    grade.equal("in a word of one symbol", {next({"a"})}, {1});
    grade.equal("in a word without symbols", {next({})}, {0});
  });
  const Library library(merges);
  const auto compare = [&](const std::string& word) {
    const std::string got = text_of(n10b::encode(word, ranks)), expected = text_of(library.encode(word));
    if (got == expected) return grade.check(true, "");
    grade.check(false, word + " is " + got + ", expected " + expected);
    if (got == text_of(leftmost_first(word, ranks)))
      grade.check(false, "the leftmost pair is merged first; expected the pair with the lowest rank");
    else if (got == text_of(longest_first(word, ranks)))
      grade.check(false,
                  "the longest token is taken first; expected only merges, in the order of their ranks");
    return false;
  };
  grade.part("words for which the order counts", [&] {
    for (const char* word : {"abcd", "abcde", "aaaaa", "cdab", "ea", "d"}) {
      if (!compare(word)) return;
    }
  });
  grade.part("500 random words", [&] {
    const ag::RandomKey key = nn::key_for("words", 1);
    uint64_t draws = 0;
    for (int n = 0; n < 500; ++n) {
      std::string word;
      for (uint32_t length = 1 + ag::random_below(key, draws++, 14); length > 0; --length)
        word += "abcde"[ag::random_below(key, draws++, 5)];
      if (!compare(word)) return;
    }
  });
}
