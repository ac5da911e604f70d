// 10 Tokenizers: how does a text become numbers, so that frequent words are short and no text is impossible?
//
//   train   repeat: merge the most frequent pair of neighbouring symbols into a new one
//   encode  repeat: of all pairs in the word, merge the one that was learned first
//
// Byte-pair encoding (Sennrich et al. 2016) over bytes, as GPT-2, Llama 3 and Qwen have it: the symbols begin
// as the 256 bytes, so every text has tokens. Nothing is merged across the words that a regular expression
// cuts.
//
// New: bytes and UTF-8, merges and their rank, what a vocabulary costs. Needs: nothing.
// Takes less than a second.
// Read beside it: models/tokenizers/bpe_tokenizer.h (the same with a heap) and byte_level_bpe.h.
#include <map>
#include <set>

#include "models/tokenizers/byte_level_bpe.h"
#include "tutorials/lesson.h"
#include "tutorials/text.h"

namespace {

using namespace std::string_literals;
using lesson::check;
using Symbols = std::vector<std::string>;          // the bytes of each symbol
using Pair = std::pair<std::string, std::string>;  // two neighbours
using Ranks = std::map<Pair, size_t>;              // merge number of each learned pair

// --- Words

// GPT-2's pattern: letters, digits or other characters with at most one space before them. So " the" is a
// word with its space, and "the" at the start of a line another one.
std::map<Symbols, int64_t> count_words(std::string_view text, const models::PreSplit& split) {
  std::map<Symbols, int64_t> counts;
  split.words(text, [&](std::string_view word) {
    Symbols bytes;
    for (const char c : word) bytes.emplace_back(1, c);
    ++counts[bytes];
  });
  return counts;
}

// --- Training

// `word` with every occurrence of the pair as one symbol, from left to right.
Symbols merged(const Symbols& word, const Pair& pair) {
  Symbols result;
  for (size_t i = 0; i < word.size(); ++i) {
    const bool here = i + 1 < word.size() && word[i] == pair.first && word[i + 1] == pair.second;
    result.push_back(here ? word[i] + word[i + 1] : word[i]);
    i += here;
  }
  return result;
}

// A word that occurs a hundred times counts its pairs a hundred times. Of equally frequent pairs the first in
// the order of bytes is taken: some rule is needed, or two runs would learn two tokenizers. A pair that
// occurs once tells nothing.
std::vector<Pair> train(std::map<Symbols, int64_t> words, size_t most) {
  std::vector<Pair> merges;
  while (merges.size() < most) {
    std::map<Pair, int64_t> counts;
    for (const auto& [word, count] : words) {
      for (size_t i = 0; i + 1 < word.size(); ++i) counts[{word[i], word[i + 1]}] += count;
    }
    const auto best = std::ranges::max_element(
        counts, {}, [](const auto& entry) { return entry.second; });  // the first of equal ones
    if (best == counts.end() || best->second < 2) break;
    merges.push_back(best->first);
    std::map<Symbols, int64_t> next;
    for (const auto& [word, count] : words) next[merged(word, merges.back())] += count;
    words = std::move(next);
  }
  return merges;
}

// --- Encoding: the order in which pairs were learned decides, not their length

Symbols encode_word(std::string_view word, const Ranks& ranks) {
  Symbols symbols;
  for (const char c : word) symbols.emplace_back(1, c);
  while (true) {
    auto best = ranks.end();
    for (size_t i = 0; i + 1 < symbols.size(); ++i) {
      const auto found = ranks.find({symbols[i], symbols[i + 1]});
      if (found != ranks.end() && (best == ranks.end() || found->second < best->second)) best = found;
    }
    if (best == ranks.end()) return symbols;
    symbols = merged(symbols, best->first);
  }
}

Symbols encode(std::string_view text, const models::PreSplit& split, const Ranks& ranks) {
  Symbols tokens;
  split.words(text, [&](std::string_view word) {
    for (std::string& token : encode_word(word, ranks)) tokens.push_back(std::move(token));
  });
  return tokens;
}

// --- The same for the library

// Vocabulary files are text, so GPT-2 writes each byte as a character: printable ones as themselves, the
// others as U+0100, U+0101, ... In such a file " the" is "Ġthe", the space being U+0120.
std::string written(const std::string& bytes) {
  std::string text;
  for (const char c : bytes) {
    const auto printable = [](uint32_t b) {
      return (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
    };
    uint32_t code = static_cast<uint8_t>(c);
    if (!printable(code)) {
      uint32_t before = 0;
      for (uint32_t b = 0; b < code; ++b) before += !printable(b);
      code = 256 + before;
    }
    if (code < 128) {
      text += static_cast<char>(code);
    } else {  // two bytes of UTF-8: 110xxxxx 10xxxxxx
      text += {static_cast<char>(0xC0 | code >> 6), static_cast<char>(0x80 | (code & 63))};
    }
  }
  return text;
}

struct Tokens {
  std::vector<std::string> by_id;
  std::map<std::string, int32_t> ids;
};
// The bytes first, then each merge's result; two merges may make the same one.
Tokens tokens_of(const std::vector<Pair>& merges) {
  Tokens tokens;
  const auto add = [&](const std::string& token) {
    if (tokens.ids.emplace(token, static_cast<int32_t>(tokens.by_id.size())).second)
      tokens.by_id.push_back(token);
  };
  for (int b = 0; b < 256; ++b) add(std::string(1, static_cast<char>(b)));
  for (const auto& [left, right] : merges) add(left + right);
  return tokens;
}

models::BpeVocabulary vocabulary_of(const std::vector<Pair>& merges, const Tokens& tokens) {
  models::BpeVocabulary vocabulary;
  vocabulary.file = "chapter 10";
  for (const std::string& token : tokens.by_id) vocabulary.tokens.push_back(written(token));
  for (const auto& [left, right] : merges) vocabulary.merges.emplace_back(written(left), written(right));
  return vocabulary;
}

std::string readable(const Symbols& tokens) {  // "Al|ice| was": line ends as \n
  std::string text = fmt::format("{}", fmt::join(tokens, "|"));
  for (size_t at = 0; (at = text.find('\n', at)) != std::string::npos;) text.replace(at, 1, "\\n");
  return text;
}

void chapter(const lesson::Options& options) {
  const models::PreSplitRule& rule = models::pre_split_rule("gpt-2", "chapter 10");
  const models::PreSplit split(rule);
  // Learned from the first four fifths; the rest is a text that the tokenizer has not seen.
  const std::string_view text = lesson::kAlice.substr(0, lesson::kAlice.size() * 4 / 5),
                         unseen = lesson::kAlice.substr(text.size());

  lesson::heading("1. Training");
  const auto words = count_words(text, split);
  const std::vector<Pair> merges = train(words, options.quick ? 200 : 600);
  fmt::print("  {} bytes, {} different words, {} merges\n  the first:", text.size(), words.size(),
             merges.size());
  for (size_t i = 0; i < std::min<size_t>(12, merges.size()); ++i)
    fmt::print(" '{}'+'{}'", merges[i].first, merges[i].second);
  fmt::print("\n");

  lesson::heading("2. Encoding, with more and more merges");
  // A longer vocabulary makes a text shorter, and the model's token table longer. On text that it has not
  // seen a tokenizer gains less: its rarest merges fit only what it was trained on.
  const std::string_view sentence = "\"Oh dear!\" said the Rabbit, wondering about the little golden watch.";
  std::vector<size_t> lengths;
  for (const size_t most : {size_t{0}, size_t{20}, size_t{100}, merges.size()}) {
    const size_t count = std::min(most, merges.size());
    Ranks ranks;
    for (size_t i = 0; i < count; ++i) ranks.emplace(merges[i], i);
    const size_t seen = encode(text, split, ranks).size(), new_text = encode(unseen, split, ranks).size();
    lengths.push_back(new_text);
    fmt::print("  {:3} merges: {:.2f} bytes a token, on unseen text {:.2f}\n    {}\n", count,
               double(text.size()) / double(seen), double(unseen.size()) / double(new_text),
               readable(encode(sentence, split, ranks)));
  }
  check(std::ranges::is_sorted(lengths, std::greater{}), "more merges, fewer tokens");

  lesson::heading("3. Beside the library's tokenizer");
  Ranks ranks;
  for (size_t i = 0; i < merges.size(); ++i) ranks.emplace(merges[i], i);
  const Tokens tokens = tokens_of(merges);
  const models::ByteLevelBpe library(vocabulary_of(merges, tokens), rule);
  const std::vector<std::string> samples{std::string(lesson::kAlice),  "",
                                         "  two  spaces and\ttabs \n", "naïve café, 東京, 🐇",
                                         "3.14159 + x_1 != \"y\"",     "\xFF\xC3 no UTF-8 \0 zero"s};
  bool equal = true, whole = true;
  for (const std::string& sample : samples) {
    std::vector<int32_t> ids;
    for (const std::string& token : encode(sample, split, ranks)) ids.push_back(tokens.ids.at(token));
    equal = equal && ids == library.encode(sample);
    whole = whole && library.decode(ids) == sample;
  }
  fmt::print("  vocabulary of {}; '🐇' is {} tokens, ' Alice' is {}\n", library.vocabulary(),
             library.encode("🐇").size(), library.encode(" Alice").size());
  check(equal, "the same ids for every text, those that are no UTF-8 included");
  check(whole, "decoding gives every text back, byte for byte");
  check(library.encode(" Rabbit") != library.encode("Rabbit"), "a word with its space is another word");
  fmt::print("\nNext: 11 trains a language model on the same text, one byte after the other.\n");
}

}  // namespace

int main(int argc, char** argv) { return lesson::run(argc, argv, {}, chapter); }
