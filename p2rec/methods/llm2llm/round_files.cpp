#include "p2rec/methods/llm2llm/round_files.h"

#include <fmt/format.h>

namespace p2rec {
namespace {

std::string round_file(int64_t round, uint64_t seed) {
  return fmt::format("generated-{}-round-{}.jsonl", seed, round);
}

}  // namespace

Once once_per_file(const Context& context, uint64_t seed, std::function<void(int64_t round)> done_before) {
  return [&context, seed, done_before = std::move(done_before)](
             int64_t round, const std::function<std::vector<Generated>()>& make) {
    const nn::Path file = context.output(round_file(round, seed));
    if (std::filesystem::exists(file)) {
      done_before(round);
    } else {
      write_generated(file, make());
    }
    return read_generated(file);
  };
}

std::vector<TextPair> generated_texts(const Context& context, int64_t rounds, uint64_t seed) {
  std::vector<TextPair> texts;
  for (int64_t round = 1; round <= rounds; ++round) {
    for (TextPair& text : kept(read_generated(context.input(kTeach, round_file(round, seed)))))
      texts.push_back(std::move(text));
  }
  return texts;
}

}  // namespace p2rec
