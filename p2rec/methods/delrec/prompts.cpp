#include "p2rec/methods/delrec/prompts.h"

#include <fmt/format.h>

#include <algorithm>

namespace p2rec {
namespace {

constexpr const char* kPattern = "The teacher's pattern is: ";

}  // namespace

void describe(DelrecPromptConfig& config, const nn::Visit& visit) {
  visit({"history", "maximum number of items in a prompt, the latest ones",
         nn::at_least(static_cast<double>(kLeastAnalysed))},
        &config.history);
  visit({"soft-tokens", "vectors of the soft prompt", nn::at_least(1)}, &config.soft_tokens);
}

Sequence latest(Sequence items, const DelrecPromptConfig& config) {
  return items.last(std::min(items.size(), static_cast<size_t>(config.history)));
}

int32_t analysed_item(Sequence items) { return items[items.size() - 2]; }

SoftText analysis_text(Sequence items, Sequence candidates, const Interactions& data) {
  AG_CHECK(std::ssize(items) >= kLeastAnalysed, "analysis_text: ", items.size(), " items; expected at least ",
           kLeastAnalysed);
  const Sequence example = items.first(kExampleItems), rest = items.subspan(kExampleItems);
  return {fmt::format("Follow the teacher's pattern to find the most recent item of a history among the "
                      "candidates.\n{}",
                      kPattern),
          fmt::format(".\nCandidates: {}.\n"
                      "History: {}; [M]. The next item is {}. The most recent item [M] is {}.\n"
                      "After that: {}; [X]. The next item is {}. The most recent item [X] is",
                      item_texts(data, candidates), item_texts(data, example.first(2)),
                      item_text(data, example[3]), item_text(data, example[2]),
                      item_texts(data, rest.first(rest.size() - 2)), item_text(data, rest.back()))};
}

SoftText simulation_text(Sequence history, Sequence candidates, Sequence rest_of_list,
                         const Interactions& data) {
  return {
      fmt::format("Follow the teacher's pattern to choose the next item from the candidates as the teacher "
                  "does.\n{}",
                  kPattern),
      fmt::format(".\nHistory: {}.\nCandidates: {}.\n"
                  "The teacher's second and further choices are {}. Its first choice is",
                  item_texts(data, history), item_texts(data, candidates), item_texts(data, rest_of_list))};
}

SoftText ranking_text(Sequence history, Sequence candidates, const Interactions& data, bool with_pattern) {
  const std::string question = fmt::format("History: {}.\nCandidates: {}.\nThe next item is",
                                           item_texts(data, history), item_texts(data, candidates));
  if (!with_pattern) return {"Choose the user's next item from the candidates.\n", question};
  return {
      fmt::format("Refer to the teacher's pattern to choose the user's next item from the candidates.\n{}",
                  kPattern),
      ".\n" + question};
}

}  // namespace p2rec
