#include "p2rec/llm/text_generator.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "nn/io/text.h"
#include "p2rec/llm/instruction.h"

namespace p2rec {
namespace {

using ag::Tensor;

// The tokens that end a text, and those that begin with a line end.
std::vector<int32_t> line_ends(const models::Tokenizer& tokenizer, int64_t rows) {
  std::vector<int32_t> ends = tokenizer.special().ends;
  for (int32_t id = 0; id < std::min(tokenizer.vocabulary(), rows); ++id) {
    if (tokenizer.decode(std::vector{id}).starts_with('\n')) ends.push_back(id);
  }
  return ends;
}

std::string first_line(std::string text) {
  text = text.substr(0, text.find('\n'));
  const size_t begin = text.find_first_not_of(" \t\r");
  if (begin == text.npos) return "";
  text = text.substr(begin, text.find_last_not_of(" \t\r") + 1 - begin);
  for (size_t valid = 0; (valid += nn::valid_utf8_length(text.substr(valid))) < text.size();)
    text[valid] = '?';
  return text;
}

}  // namespace

TextGenerator::TextGenerator(const models::LanguageModel& llm, int64_t expected, const Task& task)
    : llm_(llm),
      expected_(expected),
      task_(task),
      ends_(line_ends(*llm.tokenizer, llm.model->config().vocabulary)) {
  const auto checkpoint = task_.resume();
  if (!checkpoint) return;
  const Tensor &lengths = checkpoint->at("lengths"), &tokens = checkpoint->at("tokens");
  const int32_t* next = tokens.ints();
  for (int64_t i = 0; i < lengths.numel(); next += lengths.ints()[i], ++i)
    saved_.emplace_back(next, next + lengths.ints()[i]);
}

void TextGenerator::save() {
  std::vector<int32_t> lengths, tokens;
  for (const std::vector<int32_t>& text : saved_) {
    lengths.push_back(static_cast<int32_t>(text.size()));
    tokens.insert(tokens.end(), text.begin(), text.end());
  }
  task_.save(0, {{"lengths", Tensor::from_ints(lengths)}, {"tokens", Tensor::from_ints(tokens)}});
}

std::vector<std::string> TextGenerator::operator()(const std::vector<std::string>& prompts,
                                                   const std::string& longest,
                                                   const models::Sampling& sampling) {
  models::Generation how{.ends = ends_, .sampling = sampling};
  how.tokens = 2 * std::ssize(completion_tokens(*llm_.tokenizer, longest));
  how.tokens_at_once = std::numeric_limits<int64_t>::max();
  const size_t first = used_;
  used_ += prompts.size();
  for (size_t begin = saved_.size() - std::min(first, saved_.size()); begin < prompts.size();
       begin += kPromptsTogether) {
    const size_t end = std::min(begin + kPromptsTogether, prompts.size());
    std::vector<models::Prompt> block;
    for (size_t i = begin; i < end; ++i)
      block.push_back({prompt_tokens(*llm_.tokenizer, prompts[i]), static_cast<uint32_t>(first + i)});
    saved_.resize(first + end);
    models::generate(*llm_.model, block, how,
                     [&](size_t i, const std::vector<int32_t>& ids) { saved_[first + begin + i] = ids; });
    const auto all = std::max<int64_t>(expected_, std::ssize(saved_));
    if (task_.progress(double(first + end) / double(all)))
      task_.show(fmt::format("{} of {} texts", first + end, expected_));
    if (task_.save_due()) save();
    task_.check_stop();
  }
  std::vector<std::string> lines;
  for (size_t i = first; i < used_; ++i) lines.push_back(first_line(llm_.tokenizer->decode(saved_[i])));
  return lines;
}

}  // namespace p2rec
