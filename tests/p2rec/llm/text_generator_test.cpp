// Generation of many lines, and its resumption in the middle.
#include "p2rec/llm/text_generator.h"

#include "nn/io/text.h"
#include "tests/folders.h"
#include "tests/p2rec/llm/small_llm.h"
#include "tests/testing.h"

using namespace p2rec;

namespace {

const models::Sampling kSampling{.temperature = 1, .top_k = 40, .seed = 3};

std::vector<std::string> prompts(int64_t count) {
  std::vector<std::string> texts;
  for (int64_t i = 0; i < count; ++i) texts.push_back("prompt " + std::to_string(i % 7));
  return texts;
}

// Two calls, the second with prompts that depend on the first one's texts.
std::vector<std::string> two_calls(TextGenerator& generate) {
  std::vector<std::string> texts = generate(prompts(150), "x", kSampling), next;
  for (const std::string& text : texts) next.push_back("again " + text);
  for (std::string& text : generate(next, "", kSampling)) texts.push_back(std::move(text));
  return texts;
}

}  // namespace

TEST_CASE("a line ends at its line end or at the text's, without blanks, and is valid UTF-8") {
  const models::LanguageModel llm = testing::small_llm();
  TextGenerator generate(llm, 150);
  const std::string longest(18, 'x');  // with the blank and the end: 20 tokens
  const std::vector<std::string> texts = generate(prompts(150), longest, kSampling);
  size_t most = 0;
  for (const std::string& text : texts) {
    CHECK(text.find('\n') == text.npos);
    CHECK(text.find(models::ByteTokenizer::kEndText) == text.npos);
    CHECK(nn::valid_utf8_length(text) == text.size());
    if (!text.empty()) CHECK((text.front() != ' ' && text.back() != ' '));
    CHECK(text.size() <= 40);
    most = std::max(most, text.size());
  }
  CHECK(most > 20);
  CHECK(texts[0] != texts[7]);  // equal prompts draw their own numbers
}

TEST_CASE("generation that is stopped in the middle resumes and gives the same texts") {
  const models::LanguageModel llm = testing::small_llm();
  TextGenerator unbroken(llm, 300);
  const std::vector<std::string> expected = two_calls(unbroken);
  const testing::TemporaryFolder folder;
  const auto task = [&] { return Journal::open(folder.path(), true, 1e9)->task("write", "options"); };
  int64_t stops = 0;
  for (bool ended = false; !ended; ++stops) {
    TextGenerator generate(llm, 300, task());
    if (stops < 4) request_stop();
    try {
      const std::vector<std::string> found = two_calls(generate);
      CHECK(found == expected);
      ended = true;
    } catch (const Interrupted&) {
    }
    forget_stop_request();
  }
  CHECK(stops == 5);  // each was stopped after one block of 64, the fourth in the second call
}

TEST_CASE("the texts of a checkpoint are not computed again") {
  const models::LanguageModel llm = testing::small_llm(), other = testing::small_llm(32);
  const testing::TemporaryFolder folder;
  const auto task = [&] { return Journal::open(folder.path(), true, 1e9)->task("write", "options"); };
  const std::vector<std::string> expected = TextGenerator(llm, 150)(prompts(150), "x", kSampling);
  request_stop();
  TextGenerator stopped(llm, 150, task());
  CHECK_THROWS_AS(stopped(prompts(150), "x", kSampling), Interrupted);
  forget_stop_request();
  TextGenerator resumed(other, 150, task());
  const std::vector<std::string> found = resumed(prompts(150), "x", kSampling);
  for (size_t i = 0; i < 64; ++i) CHECK(found[i] == expected[i]);
  CHECK(std::vector(found.begin() + 64, found.end()) != std::vector(expected.begin() + 64, expected.end()));
}
