#include "models/pre_split.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <array>

#include "autograd/check.h"

namespace models {
namespace {

// GPT-2's pattern: contractions; letters, numerals or other characters with at most one space before them;
// spaces, of which the last one before a word is left to the word. White space is spelt out (Unicode's
// White_Space), for PCRE2's \s also takes U+180E, which is none any more.
#define SPACE \
  R"(\x{9}-\x{D}\x{20}\x{85}\x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000})"
constexpr const char* kGpt2 = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^)" SPACE
                              R"(\p{L}\p{N}]+|[)" SPACE R"(]+(?![^)" SPACE R"(])|[)" SPACE R"(]+)";
#undef SPACE
constexpr const char* kDigit = R"(\p{N})";

constexpr const char *kSmolLm = "smollm", *kGpt2Name = "gpt-2", *kGpt2Alias = "gpt2";

struct FreeMatch {
  void operator()(pcre2_match_data* match) const { pcre2_match_data_free(match); }
};

}  // namespace

size_t utf8_length(std::string_view text) {
  const auto byte = [&](size_t i) { return i < text.size() ? static_cast<uint8_t>(text[i]) : uint8_t{0}; };
  const uint8_t first = byte(0);
  if (text.empty()) return 0;
  if (first < 0x80) return 1;
  const size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4) return 0;  // a continuation, an overlong form, beyond U+10FFFF
  for (size_t i = 1; i < length; ++i) {
    if (byte(i) < 0x80 || byte(i) > 0xBF) return 0;
  }
  const uint8_t second = byte(1);
  const bool overlong = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
  const bool surrogate = first == 0xED && second > 0x9F, too_large = first == 0xF4 && second > 0x8F;
  return overlong || surrogate || too_large ? 0 : length;
}

// A compiled regular expression. Its machine code, where PCRE2 can make it for this processor, is shared by
// threads.
class PreSplit::Pattern {
 public:
  explicit Pattern(const char* pattern) {
    int error = 0;
    PCRE2_SIZE at = 0;
    code_ = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern), PCRE2_ZERO_TERMINATED, PCRE2_UTF | PCRE2_UCP,
                          &error, &at, nullptr);
    AG_CHECK(code_, "PCRE2 refuses a pattern at ", at, ": ", reason(error));
    pcre2_jit_compile(code_, PCRE2_JIT_COMPLETE);  // where it fails, pcre2_match interprets
  }
  ~Pattern() { pcre2_code_free(code_); }
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;

  // Calls matched(begin, end) for each match in valid UTF-8, from left to right.
  template <class F>
  void each_match(std::string_view text, const F& matched) const {
    const std::unique_ptr<pcre2_match_data, FreeMatch> match(
        pcre2_match_data_create_from_pattern(code_, nullptr));
    AG_CHECK(match, "PCRE2: out of memory");
    for (size_t at = 0; at < text.size();) {
      const int result = pcre2_match(code_, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), at,
                                     PCRE2_NO_UTF_CHECK, match.get(), nullptr);
      if (result == PCRE2_ERROR_NOMATCH) return;
      AG_CHECK(result > 0, "PCRE2 fails on a text of ", text.size(), " bytes: ", reason(result));
      const PCRE2_SIZE* ends = pcre2_get_ovector_pointer(match.get());
      matched(ends[0], ends[1]);
      at = ends[1];
    }
  }

 private:
  static std::string reason(int error) {
    std::array<PCRE2_UCHAR, 256> text{};
    pcre2_get_error_message(error, text.data(), text.size());
    return reinterpret_cast<const char*>(text.data());
  }
  pcre2_code* code_;
};

PreSplit::PreSplit(const std::string& name, const std::string& file) {
  INPUT_CHECK(name == kSmolLm || name == kGpt2Name || name == kGpt2Alias, file,
              ": key 'tokenizer.ggml.pre' is '", name,
              "', a way to split text that is not supported; supported are ", kSmolLm, ", ", kGpt2Name,
              " and ", kGpt2Alias);
  word_ = std::make_unique<Pattern>(kGpt2);
  if (name == kSmolLm) digit_ = std::make_unique<Pattern>(kDigit);
}

PreSplit::~PreSplit() = default;

void PreSplit::words(std::string_view text, const std::function<void(std::string_view)>& use) const {
  size_t begin = 0;  // of the valid part that ends at `at`
  for (size_t at = 0; at < text.size();) {
    const size_t length = utf8_length(text.substr(at));
    if (length == 0) {
      words_between_digits(text.substr(begin, at - begin), use);
      use(text.substr(at, 1));
      begin = at + 1;
    }
    at += length ? length : 1;
  }
  words_between_digits(text.substr(begin), use);
}

// The stretch between two digits is a text of its own: spaces before a digit do not see it as a word to come.
void PreSplit::words_between_digits(std::string_view valid,
                                    const std::function<void(std::string_view)>& use) const {
  const auto words_of = [&](std::string_view part) {
    word_->each_match(part, [&](size_t begin, size_t end) { use(part.substr(begin, end - begin)); });
  };
  size_t done = 0;
  if (digit_) {
    digit_->each_match(valid, [&](size_t begin, size_t end) {
      words_of(valid.substr(done, begin - done));
      use(valid.substr(begin, end - begin));
      done = end;
    });
  }
  words_of(valid.substr(done));
}

}  // namespace models
