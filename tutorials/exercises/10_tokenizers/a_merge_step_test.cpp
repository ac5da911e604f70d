#include "10_tokenizers/a_merge_step.h"

#include "autograd/check.h"

namespace n10a = exercise::n10a;

namespace {

using n10a::Pair, n10a::Symbols, n10a::Words;

// "a|b|c"
std::string text_of(const Symbols& symbols) {
  std::string text;
  for (const std::string& symbol : symbols) text += (text.empty() ? "" : "|") + symbol;
  return text;
}
std::string text_of(const Pair& pair) { return pair.first + "+" + pair.second; }

Symbols letters(const std::string& word) {
  Symbols symbols;
  for (const char c : word) symbols.emplace_back(1, c);
  return symbols;
}

}  // namespace

EXERCISE("10a", 4, "One step of training BPE") {
  const auto same = [&](const std::string& name, const std::string& got, const std::string& expected) {
    return grade.check(got == expected, name + " is wrong: it is '" + got + "', expected '" + expected + "'");
  };
  const Words words{{letters("hug"), 10}, {letters("pug"), 5},  {letters("pun"), 12},
                    {letters("bun"), 4},  {letters("hugs"), 5}, {letters("aaa"), 3}};
  grade.part("the counts of all pairs", [&] {
    n10a::Counts counts = n10a::count_pairs(words);
    if (!grade.equal("the count of u+g", {counts[{"u", "g"}]}, {20}))
      grade.check(counts[{"u", "g"}] != 3, "each word counts once; expected as often as it occurs");
    grade.equal("the count of p+u", {counts[{"p", "u"}]}, {17});
    grade.equal("the count of g+s", {counts[{"g", "s"}]}, {5});
    grade.equal("the count of a+a in 3 times 'aaa'", {counts[{"a", "a"}]}, {6});
    if (!grade.equal("the count of s+h", {counts[{"s", "h"}]}, {0}))
      grade.check(false, "a pair is in one word: the end of a word and the next word's beginning are none");
  });
  grade.part("the most frequent pair", [&] {
    same("the best of three pairs",
         text_of(n10a::best_pair({{{"a", "b"}, 2}, {{"c", "d"}, 7}, {{"e", "f"}, 3}})), "c+d");
    const std::string tie =
        text_of(n10a::best_pair({{{"a", "z"}, 2}, {{"b", "a"}, 7}, {{"b", "c"}, 7}, {{"c", "a"}, 7}}));
    if (!same("the best of three pairs with the count 7", tie, "b+a"))
      grade.check(tie != "c+a", "of equally frequent pairs the last was taken; expected the first");
  });
  grade.part("a word after a merge", [&] {
    same("hugs after u+g", text_of(n10a::merged(letters("hugs"), {"u", "g"})), "h|ug|s");
    same("abab after a+b", text_of(n10a::merged(letters("abab"), {"a", "b"})), "ab|ab");
    const std::string odd = text_of(n10a::merged(letters("aaa"), {"a", "a"}));
    if (!same("aaa after a+a", odd, "aa|a")) {
      grade.check(odd != "aa|aa", "the middle a is in two symbols: continue after both parts of a merge");
      grade.check(odd != "a|aa", "merged from the right; expected from left to right");
    }
    same("aaaa after a+a", text_of(n10a::merged(letters("aaaa"), {"a", "a"})), "aa|aa");
    same("abc after ab+c", text_of(n10a::merged({"a", "b", "c"}, {"ab", "c"})), "a|b|c");
    same("one symbol", text_of(n10a::merged({"a"}, {"a", "a"})), "a");
  });
  grade.part("a training of eight merges", [&] {
    Words now = words;
    std::string merges;
    for (int step = 0; step < 8; ++step) {
      const n10a::Counts counts = n10a::count_pairs(now);
      if (!grade.check(!counts.empty(), ag::message("no pair is left before merge ", step))) return;
      const Pair pair = n10a::best_pair(counts);
      merges += (merges.empty() ? "" : " ") + text_of(pair);
      Words next;
      for (const auto& [word, count] : now) next[n10a::merged(word, pair)] += count;
      now = next;
    }
    same("the list of merges", merges, "u+g u+n h+ug p+un a+a hug+s p+ug b+un");
  });
}
