#include "p2rec/methods/llm2llm/llm2llm.h"

#include <algorithm>

#include "p2rec/llm/rouge.h"

namespace p2rec {
namespace {

using Words = std::vector<std::string>;

bool is_near_duplicate(const Words& words, const std::vector<Words>& known, double rouge) {
  return std::ranges::any_of(known, [&](const Words& other) { return rouge_l(other, words) > rouge; });
}

}  // namespace

std::vector<Generated> teach(const std::vector<TextPair>& seeds, const std::vector<bool>& right,
                             const std::vector<Generated>& before, int64_t round, double rouge,
                             const Teacher& teacher) {
  std::vector<Words> known;
  for (const TextPair& seed : seeds) known.push_back(rouge_words(seed.input));
  for (const TextPair& text : kept(before)) known.push_back(rouge_words(text.input));
  std::vector<Generated> written;
  for (size_t seed = 0; seed < seeds.size(); ++seed) {
    if (right[seed]) continue;
    for (int64_t attempt = 0; attempt < kTeacherTries; ++attempt) {
      Generated& example = written.emplace_back(teacher(seed, round, attempt), seeds[seed].input, round);
      const Words words = rouge_words(example.text.input);
      if (is_near_duplicate(words, known, rouge)) {
        example.dropped = "near-duplicate";
        continue;
      }
      known.push_back(words);
      break;
    }
  }
  return written;
}

std::vector<Generated> llm2llm(const std::vector<TextPair>& seeds, const Student& student,
                               const Teacher& teacher, const Llm2LlmOptions& options, const Once& once) {
  std::vector<Generated> all;
  for (int64_t round = 1; round <= options.rounds; ++round) {
    const std::vector<Generated> written = once(round, [&] {
      std::vector<TextPair> examples = seeds;
      for (const TextPair& text : kept(all)) examples.push_back(text);
      const std::vector<bool> right = student(round, examples);
      return teach(seeds, right, all, round, options.rouge, teacher);
    });
    all.insert(all.end(), written.begin(), written.end());
  }
  return all;
}

}  // namespace p2rec
